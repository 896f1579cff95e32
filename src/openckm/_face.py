"""The public names, by task: what stays as it is from version to version. Everything else is internal and may change.

docs/api.md is made from this table. A module that holds public names lists them in its `__all__`; a module without
`__all__` is internal.
"""

from __future__ import annotations

__all__ = ["FACE"]

FACE: dict[str, dict[str, tuple[str, ...]]] = {
    "Make a map": {
        "openckm": ("construct", "SitePlan", "OpenCKM", "Reconstructor", "WarmOptions"),
        "openckm.edge": ("Construction", "SelfCheck", "self_check"),
        "openckm.edge.several": ("construct_sites",),
        "openckm.edge.planning": ("MeasurementPlan", "plan", "write_plan"),
        "openckm.edge.adapt": ("adapt",),
        "openckm.predict.predictor": ("Predictor",),
        "openckm.flux.stream": ("Stream",),
        "openckm.city": ("CityPlan", "make_city"),
    },
    "State what is known": {
        "openckm": ("Grid", "Layout", "Observations", "Points", "Transmitter"),
        "openckm.maps": ("AreaReading", "DriveTest", "RasterReading", "read_drive_test", "read_layout"),
    },
    "Use a map": {
        "openckm": ("RadioMap",),
        "openckm.maps": (
            "CHANNELS", "GreyScale", "Quantity", "read_geotiff", "read_zarr", "write_geotiff", "write_png",
            "write_zarr",
        ),
        "openckm.maps.quantity": ("GAIN",),
        "openckm.atlas": (
            "MapStore", "MapView", "Route", "ask_area", "ask_beams", "ask_handovers", "ask_points", "ask_route",
            "ask_servers", "contours", "geometry", "open_map",
        ),
    },
    "Add an instrument": {
        "openckm.observe": (
            "AffineOffset", "AreaAverage", "Domain", "Downsample", "Gaussian", "IntervalCensored", "LTE_RSRP",
            "Likelihood", "LinearOperator", "Mask", "NR_RSRP", "Operator", "PointSample", "PositionBlur", "Product",
            "Quantize", "QuantizeAngle", "Select", "Truncate", "compose", "map_domain",
        ),
        "openckm.observe.spec": ("likelihood_from_spec", "likelihood_to_spec", "register_operator"),
    },
    "Compare with classical methods": {
        "openckm.baselines": (
            "BestClassical", "BoostedTrees", "InverseDistance", "Kriging", "LogDistance", "Nearest",
            "UniversalKriging", "best_classical",
        ),
    },
    "Ask a prior": {
        "openckm.priors.pretrained": ("embedded_prior", "load_prior", "require_runnable", "save_prior"),
        "openckm.priors.denoiser": ("Denoised", "Denoiser", "MapDenoiser"),
        "openckm.priors.conditioning": ("Condition",),
        "openckm.priors.posterior": ("posterior_mean",),
        "openckm.infer.posterior_draws": ("sample_posterior",),
        "openckm.infer.estimate": ("posterior_estimate",),
    },
    "Ask the rays of a layout": {
        "openckm.maps.rays": ("trace_rays",),
        "openckm.infer.ray_map": ("ray_map",),
    },
    "Train": {
        "openckm.data.shards": ("TracedMap", "read_shards"),
        "openckm.data.readers": ("dataset_names", "open_dataset"),
        "openckm.data.readers.checks": ("gain_slope", "pointing"),
        "openckm.data.readers.training": ("training_maps",),
        "openckm.training.samples": ("SampleOptions", "TrainingSet"),
        "openckm.training.trainer": ("Trainer",),
        "openckm.training.objective": ("TrainOptions",),
    },
    "Publish, update, serve": {
        "openckm.store": ("KeyFolder", "ModelCard", "Policy", "Repository", "RolePolicy", "UpdateOptions", "Updater"),
        "openckm.store.keys": ("Keys",),
        "openckm.service.config": ("EdgeConfig",),
        "openckm.service.serve": ("serve",),
    },
    "Handle errors": {
        "openckm.errors": ("ComputationError", "InputError", "ModelError", "OpenCKMError", "OptionError"),
    },
}  # fmt: skip
"""Task -> module -> names."""
