"""This module asks a node on this machine whether it takes jobs, as a container's health check and a supervisor do."""

from __future__ import annotations

import http.client
import ipaddress
import ssl

from openckm.errors import NodeUnhealthy
from openckm.service.config import EdgeConfig


def require_healthy(config: EdgeConfig, timeout_s: float = 8.0) -> None:
    """Return if the node of a configuration answers on this machine and takes jobs.

    Args:
        config: the configuration of the node; a port of 0 cannot be asked.
        timeout_s: longest wait [s].

    Raises:
        NodeUnhealthy: if it does not answer, or takes no jobs.
    """
    server = config.server
    host = _local(server.host)
    context = None
    if server.tls_cert is not None:  # the certificate is of its name in the network, not of this machine's address
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    line: http.client.HTTPConnection = (
        http.client.HTTPConnection(host, server.port, timeout=timeout_s)
        if context is None
        else http.client.HTTPSConnection(host, server.port, timeout=timeout_s, context=context)
    )
    try:
        line.request("GET", "/ready", headers={"Host": "localhost"})
        status = line.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise NodeUnhealthy(f"the node at {host} port {server.port} does not answer ({error})") from error
    finally:
        line.close()
    if status != 200:
        raise NodeUnhealthy(f"the node at {host} port {server.port} takes no jobs (status {status}): see its alarms")


def _local(host: str) -> str:
    """Return the address by which this machine reaches a listener."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"
