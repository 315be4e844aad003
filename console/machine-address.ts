/**
 * Where the page of a machine stands. The router hands a segment of the address on as it is written there, so that
 * an id is encoded here and decoded here, each once.
 */
export function machineAddress(machineId: string): string {
  return `/machines/${encodeURIComponent(machineId)}`;
}

/** A segment that nobody encoded rightly is taken as it is: no machine has that id, and the page says so. */
export function machineIdOf(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
