/** What a server has against an order of a package, in the words of whoever gave it by flags. */
import { AtlasError } from '../base/errors.ts';
import { sayError } from './terminal.ts';

const FLAGS: Readonly<Record<string, string>> = {
  architecture: '--arch',
  credentials: '--credentials',
  existing_config: '--existing-config',
  interval_seconds: '--interval',
  node_name: '--node-name',
  note: '--note',
  package_name: '--out',
  port: '--port',
  redis_host: '--redis-host',
  redis_port: '--redis-port',
  servers: '--server',
  sign: '--sign',
  ticket_life_seconds: '--life',
};
const FIELD = new RegExp(
  `\\b(?:${Object.keys(FLAGS)
    .filter((name) => name.includes('_'))
    .join('|')})\\b`,
  'g',
);

/** Flags that mend what a check found, beside what it says itself. */
const MENDS: Readonly<Record<string, string>> = {
  '/checks/node_name': 'another name: --node-name NAME',
  '/checks/registry_address': 'Redis as the new server reaches it: --redis-host HOST',
  '/checks/server_address': 'the servers as Macs reach them: --server URL…',
};

/** Throws what ends the command; of several things that stand in the way it says all but the first. */
export function refuseInFlags(error: unknown): never {
  if (!(error instanceof AtlasError)) throw error;
  if (error.code === 'bad_request') throw asUsage(error);
  if (error.code !== 'package_not_ready') throw error;
  const [first, ...others] = error.parts ?? [];
  for (const { message } of others) sayError(message);
  const mend = first && MENDS[first.pointer];
  if (mend === undefined) throw error;
  const hint =
    error.hint === undefined ? `On the command line, ${mend}` : `${error.hint} On the command line, ${mend}`;
  throw new AtlasError(error.code, error.message, { cause: error, hint });
}

function asUsage(error: AtlasError): AtlasError {
  const parts = error.parts?.map(({ pointer, message }) => ({ pointer: flagOf(pointer), message }));
  return new AtlasError('usage', parts ? 'this package cannot be ordered' : inFlags(error.message), {
    cause: error,
    hint: error.hint === undefined || parts ? 'see atlas-fleet package --help' : inFlags(error.hint),
    ...(parts && { parts }),
  });
}

/** `pointer`: a JSON pointer into the order. */
function flagOf(pointer: string): string {
  const field = pointer.split('/')[1] ?? '';
  return FLAGS[field] ?? pointer;
}

const inFlags = (text: string) => text.replace(FIELD, (name) => FLAGS[name] ?? name);
