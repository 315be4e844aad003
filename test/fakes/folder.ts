/** A temporary folder that goes when the test is over. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'atlas-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
