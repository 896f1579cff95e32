// Every English text of the page that is not one word.
export const TEXTS = {
  lead: "See a radio map with its doubt, made of your own readings. Nothing leaves this machine.",
  docs: "Documentation, in a new tab",
  licences: "licences of what the page is made of",
  demos: "No files at hand? Try",
  readings: "Drive test (CSV, .gz, .xlsx, GPX, KML, GeoJSON ...)",
  layout: "Building layout (GeoJSON, .osm, .pbf, GeoTIFF ...), if you have one",
  site: "Base station",
  place: "Longitude, latitude",
  placeHint: "e.g. -78.9398,35.9992; or pick it on the map, and drag it. Leave empty if nobody knows.",
  placeLocal: "x and y in metres on the map's own plane",
  pick: "Pick on the map",
  picking: "Click on the map where the base station stands, or move the cell cursor there and press Enter.",
  azimuth: "Azimuth [° from north]",
  azimuthHint: "empty: omnidirectional",
  height: "Antenna height [m]",
  carrier: "Carrier [GHz]",
  downtilt: "Downtilt [°]",
  cell: "Cell side [m]",
  size: "Cells along each side",
  follows: "empty: as the readings ask",
  onlyRows: "Only rows whose column",
  onlyValue: "is",
  crs: "Coordinate system of the columns",
  crsHint: "an EPSG code, e.g. EPSG:25832; or local, for metres on a plane of its own",
  wantsCrs: "Places of this file are not longitudes and latitudes: say below in which coordinate system they are.",
  skipBad: "leave out rows that cannot be read, and count them",
  check: "test it on readings that are held back first (takes some times as long)",
  make: "Make the map",
  cancel: "Cancel",
  cancelled: "Called off.",
  again: "The node does not answer. The page goes on by itself when it is back; what you typed stays.",
  back: "The node is back.",
  anew: "The node was begun anew and is back: your files were sent to it again. Maps that it had made are gone; make them again.",
  queued: (ahead: number): string => `waiting, ${ahead} of your jobs before it`,
  noGraphics: "This browser shows no WebGL2, which the drawn map needs. Picture and table below show the same map, and all files can be taken away.",
  nothingHere: "the map says nothing here (inside a building, or outside the map)",
  inSight: "in line of sight of the mast, over the layout's buildings",
  notInSight: "no line of sight: buildings stand between",
  fewerStreets: (count: number): string => `${count} of the smallest streets of the layout are not drawn.`,
  noBasemap: (why: string): string => `The background map cannot be drawn: ${why}`,
  cellIsAverage: "A value is the average of its cell.",
  drawLine: "Draw a line",
  drawing: "Click the corners; double-click or press Enter on the last to end. By keyboard: arrow keys move the cell cursor, Space sets a corner, Enter ends, Escape calls off.",
  placing: "Click on the map, or move the cell cursor with the arrow keys and press Space.",
  local: "This map has no coordinate system: it is drawn in metres, without a background.",
  expired: "The node no longer holds this map: it expired, or the node was begun anew. Make it again, or open a kept one.",
  noDraws: "This map holds no draws: what is asked of many cells at once (areas, whole routes) cannot be answered. Make it with draws to ask that.",
  forgotten: "The node forgot the drive test: choose the file again.",
  wantsToken: "This node wants a token: sign in, and what you asked for goes on.",
  unknownToken: "This node does not know the token, or it was withdrawn: sign in with another one, and what you asked for goes on.",
  token: "Token of this node",
  tokenHint: "It stays in the memory of this page.",
  signIn: "Sign in",
  twoFiles: (count: number): string => `${count} files at once: drop one here, and the other where it belongs.`,
  whichField: (name: string): string => `${name}: drop it on the field of the drive test or of the layout.`,
  assumedHeight: "buildings whose height nobody stated, drawn as high as the map took them",
  sending: (name: string, share: number): string => `Sending ${name}: ${(100 * share).toFixed(0)} %`,
  readingFile: (name: string): string => `Reading ${name} ...`,
  notYet: "Make a map first, or open a kept one.",
  needsFiles: "Questions are asked about a map that was made of files on this page.",
  dragLead: "Drag the base station on the map, or move it with the arrow keys: a network predicts the map in one pass, without your readings but at their level.",
  drag: "Drag the transmitter",
  dragEnd: "Stop dragging",
  dragSaid: "One-pass prediction",
  changeLead: "A planned change: the map fitted to today's readings with the antenna turned, and the difference with its spread.",
  change: "See the change",
  paintLead: "Paint what else might have been measured, or not: a hole leaves readings out, a track adds a drive along it (one way it could go), a reading adds a value.",
  planLead: "Where should I measure next? The places that are expected to save most error, and a drive to them along streets.",
  plan: "Plan the drive",
  compareLead: "Lay another map beside this one: swipe between them, or see the difference.",
  differenceSaid: "this map less the other one",
  differenceSpread: "Both maps come from the same readings, so the spread of the difference is not known.",
  takeLead: "Files of the map that is shown.",
  pictureSaid: "PNG is the map as it is seen, north up, with legend and scale bar; the world file (EPSG:3857) lays it into a GIS.",
  storedLead: "Maps that this node keeps. A name means its newest version.",
  noStore: "This node keeps no maps. Start it with a folder for them: ckm serve --store maps",
  keepName: "Keep the shown map as",
  keepHint: "letters, digits and _ . + - /; a known name gets a new version",
} as const;

export const LAYER_NAMES: Record<string, string> = {
  mean: "Mean",
  std: "Standard deviation",
  p05: "5 % quantile",
  p10: "10 % quantile",
  p90: "90 % quantile",
  p95: "95 % quantile",
  outage: "Outage",
  direction: "Direction of arrival",
  server: "Best server",
  change: "Change",
  change_std: "Spread of the change",
  difference: "Difference",
};

export const TAB_NAMES: Record<string, string> = {
  make: "Make", map: "Map", whatif: "What if", compare: "Compare", take: "Take away", stored: "Kept maps",
};

const METHOD_PARTS: [string, string][] = [["layout", "with the layout"], ["rays", "with rays"], ["phones", "with a level for each phone"]];

/** What a method of the self-check is called. */
export function methodName(name: string): string {
  if (name === "openckm") return "the map";
  return METHOD_PARTS.reduce((words, [part, said]) => words.replace(` ${part}`, ` ${said}`), name.replaceAll("_", " "));
}

const SAID_ON_THE_PAGE: [RegExp, string][] = [
  [/choose with where=\{[^}]*\}(, or have them read as one field with mix=\[[^\]]*\])?/g, "choose it below"],
  [/choose one with where=(\.\.\.|\{[^}]*\})/g, "choose one below"],
  [/name (it|them) with columns=\{[^}]*\}/g, "say below which column is what"],
  [/leave the column out with without='([^']*)'/g, "choose \"not used\" for '$1' below"],
  [/crs='?(EPSG:\.\.\.|local|\.\.\.)'?/g, "the coordinate system below"],
  [/skip_bad=True/g, `"${TEXTS.skipBad}"`],
  [/(?:--\w+ \S+ )+would hold them all \(as would [^)]*\)/g, `leave "${TEXTS.cell}" and "${TEXTS.size}" empty to hold them all`],
];

/** What Python says, where it asks for arguments that are chosen on the page: as a sentence of the page. */
export function onThePage(text: string): string {
  const said = SAID_ON_THE_PAGE.reduce((words, [pattern, instead]) => words.replace(pattern, instead), text);
  return /[.!?]$/.test(said) ? said : `${said}.`;
}
