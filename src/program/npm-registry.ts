/**
 * Brings a package's tarball from wherever this machine's npm gets its packages. We name no registry: the address is
 * what npm says, as it is set up for this user and this machine.
 */
import { execFile } from 'node:child_process';
import { setGlobalProxyFromEnv } from 'node:http';
import { AtlasError, systemCode } from '../base/errors.ts';
import type { RuntimePin } from './manifest.ts';

const NPM_TIMEOUT_MS = 60_000;
/** npm then reads no .npmrc of the folder that somebody happens to run us in, nor of those above. */
const NO_PROJECT = '--location=global';

export interface Download {
  /** Bytes; null when the other side does not say. */
  readonly size: number | null;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Rejects with runtime_unreachable, or as the signal says. */
export async function openDownload(pin: RuntimePin, signal: AbortSignal): Promise<Download> {
  const address = await addressOf(pin, signal);
  const restore = setGlobalProxyFromEnv(); // as npm does
  try {
    const response = await fetch(address, { signal });
    if (!response.ok) throw new Error(`the answer was ${response.status}`);
    const length = Number(response.headers.get('content-length'));
    return { size: length > 0 ? length : null, content: received(response, pin, signal) };
  } catch (cause) {
    throw unreachable(pin, signal, cause);
  } finally {
    restore();
  }
}

/**
 * A connection can end at any time. It is the response that is held until the first byte is asked for: without one that
 * holds it, undici ends an unread body as if it were empty.
 */
async function* received(response: Response, pin: RuntimePin, signal: AbortSignal) {
  try {
    yield* response.body ?? [];
  } catch (cause) {
    throw unreachable(pin, signal, cause);
  }
}

function addressOf(pin: RuntimePin, signal: AbortSignal): Promise<string> {
  const args = ['view', `${pin.package}@${pin.version}`, 'dist.tarball', NO_PROJECT];
  return new Promise((resolve, reject) => {
    execFile('npm', args, { signal, timeout: NPM_TIMEOUT_MS }, (error, stdout) => {
      const address = stdout.trim();
      if (error === null && /^https?:\/\/\S+$/.test(address)) return resolve(address);
      if (systemCode(error) !== 'ENOENT') return reject(unreachable(pin, signal, error));
      const message = 'There is no npm here to bring Node for Macs.';
      reject(new AtlasError('runtime_unreachable', message, { hint: byHand(pin), cause: error }));
    });
  });
}

function unreachable(pin: RuntimePin, signal: AbortSignal, cause: unknown): unknown {
  if (signal.aborted) return signal.reason;
  const message = `npm's ${pin.package} ${pin.version} cannot be reached (${wordsOf(cause)}).`;
  return new AtlasError('runtime_unreachable', message, { hint: byHand(pin), cause });
}

/** npm's own word for it, fetch's cause, or what else there is; never an address, which may hold a password. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'npm names no address';
  const code = /npm error code (\w+)/.exec(error.message)?.[1];
  const cause = systemCode(error.cause) ?? systemCode(error);
  return code ?? cause ?? error.message.split('\n', 1)[0] ?? '';
}

function byHand(pin: RuntimePin): string {
  return `On a machine that reaches it: npm pack ${pin.package}@${pin.version}; then here: atlas-fleet runtime fetch --from FILE`;
}
