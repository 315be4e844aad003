/** Brings the Node for one kind of Mac into the cache, from npm or from a file, and prepares it for packages. */
import { AtlasError } from '../base/errors.ts';
import { MACHINES, type Machine } from '../installer/macho.ts';
import { digestOf } from './digest.ts';
import { findFile } from './file-source.ts';
import { digestIn, type Manifest, type RuntimePin } from './manifest.ts';
import { openDownload } from './npm-registry.ts';
import type { NpmRuntimes, Runtime } from './npm-runtimes.ts';

export interface Bringing {
  readonly npm: NpmRuntimes;
  readonly signal: AbortSignal;
  /** `total`: bytes; null where the other side does not say. */
  readonly onStart: (total: number | null) => void;
  readonly onBytes: (count: number) => void;
}

/** What is here and sound is not brought again. Rejects with runtime_unreachable or runtime_refused. */
export async function bringRuntime(pin: RuntimePin, bringing: Bringing): Promise<Runtime> {
  const { npm, signal, onStart, onBytes } = bringing;
  try {
    return await npm.prepare(pin, signal);
  } catch (error) {
    if (!(error instanceof AtlasError) || error.code !== 'runtime_missing') throw error;
  }
  const { size, content } = await openDownload(pin, signal);
  onStart(size);
  await npm.keep(pin, counted(content, onBytes));
  return npm.prepare(pin, signal);
}

async function* counted(content: AsyncIterable<Uint8Array>, onBytes: (count: number) => void) {
  for await (const bytes of content) {
    onBytes(bytes.length);
    yield bytes;
  }
}

/** Keeps a file that `npm pack` wrote, for whichever Mac it is. Rejects with runtime_refused when it is for none. */
export async function keepTarball(
  path: string,
  { npm, pins }: { readonly npm: NpmRuntimes; readonly pins: Manifest['runtimes'] },
): Promise<Machine> {
  const tarball = await findFile(path);
  if (tarball === undefined)
    throw new AtlasError('usage', `${path} is no file.`, { hint: 'Check the path.' });
  const digest = await digestOf(tarball, 'sha512');
  const machine = MACHINES.find((one) => digestIn(pins[one]) === digest);
  if (machine !== undefined) {
    await npm.keep(pins[machine], tarball.read());
    return machine;
  }
  const names = MACHINES.map((one) => `${pins[one].package}@${pins[one].version}`);
  throw new AtlasError('runtime_refused', `${path} is not what was released as ${names.join(' or ')}.`, {
    hint: `Make it with: npm pack ${names.join(' ')}`,
  });
}
