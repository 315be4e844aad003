/** How slow this machine is now, for promises about the time that a process may take: they are made for one that is not. */
import { atlasFleet } from '../cli/atlas-fleet.ts';

/** Milliseconds that `atlas-fleet version` takes at most on two cores that do little else. */
const BARE_START_MS = 300;

/** By how much longer than that it takes; 1 on a machine that is not overloaded. */
export async function slowness(): Promise<number> {
  const startedAt = performance.now();
  await atlasFleet(['version']);
  return Math.max(1, (performance.now() - startedAt) / BARE_START_MS);
}
