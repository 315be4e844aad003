/** Brings the Node for one kind of Mac into the cache, from npm or from a file, and prepares it for packages. */
import { AtlasError } from '../base/errors.ts';
import { digestOf } from './digest.ts';
import { findFile } from './file-source.ts';
import { digestIn, type RuntimePin } from './manifest.ts';
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

/** Keeps a file that `npm pack` wrote, whichever of these it is. Rejects with runtime_refused when it is none. */
export async function keepTarball(
  path: string,
  { npm, pins }: { readonly npm: NpmRuntimes; readonly pins: readonly RuntimePin[] },
): Promise<void> {
  const tarball = await findFile(path);
  if (tarball === undefined)
    throw new AtlasError('usage', `${path} is no file.`, { hint: 'Check the path.' });
  const digest = await digestOf(tarball, 'sha512');
  const pin = pins.find((one) => digestIn(one) === digest);
  if (pin !== undefined) return npm.keep(pin, tarball.read());
  const names = pins.map(({ package: name, version }) => `${name}@${version}`);
  throw new AtlasError('runtime_refused', `${path} is not what was released as ${names.join(' or ')}.`, {
    hint: `Make it with: npm pack ${names.join(' ')}`,
  });
}
