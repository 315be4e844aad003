/**
 * What `server` does before it starts where config.yaml has a join ticket (docs/protocol/join.md): the same as with
 * `--join-file`, but nobody is there to try again. So it waits for what time may mend, and ends on a refusal, with the
 * command that mends it. One that is a member already starts without the ticket.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AtlasError, reasonOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Ticket } from '../joiner/joiner.ts';
import { isFor, type Place, redeem, requireFreePort } from './join.ts';
import { openProcessLog, pidFileOf } from './log-file.ts';
import type { Run } from './shutdown.ts';

interface Start {
  readonly configPath: string | undefined;
  readonly pidFile: string | undefined;
}

type Known = Place & { readonly loaded: LoadedConfig };

/** Milliseconds between two rounds of asking: twice as long each time. Arbitrary. */
const WAIT_FIRST_MS = 2_000;
const WAIT_MAX_MS = 60_000;

/** Resolves to whether there is a server to run: not so when it was ended while it waited. */
export async function joinAtStart({ configPath, pidFile }: Start, run: Run): Promise<boolean> {
  const { loadConfig } = await import('../config/load.ts');
  const loaded = loadConfig({ role: 'any', configPath });
  // Who loads it to run says what is wrong with it.
  if (!loaded.ok || loaded.secrets.joinTicket === null) return true;
  const { openTicket } = await import('../joiner/joiner.ts');
  const ticket = openTicket(loaded.secrets.joinTicket);
  const place = placeOf(loaded, ticket);
  const processLog = await openProcessLog(loaded.config, pidFileOf(loaded.config, 'server', pidFile), run);
  const log = processLog.open();
  try {
    if (await isMemberHere(place, ticket)) {
      await dropTicket(loaded, log);
      return true;
    }
    return await joinPatiently(ticket, place, log, run);
  } catch (error) {
    log.error('server.join_failed', 'This server could not join the cluster', reasonOf(error));
    throw error;
  } finally {
    processLog.close();
  }
}

function placeOf(loaded: LoadedConfig, ticket: Ticket): Known {
  const { source, server } = loaded.config;
  const path = source.path ?? '';
  if (isFor(loaded, ticket)) return { path, dataDir: server.dataDir, loaded };
  throw new AtlasError('config_invalid', `${path} is not of the cluster that its join_ticket is for`, {
    hint: 'take join_ticket out of it; or join from a config.yaml that has the ticket and no secret',
  });
}

/** One that lost its secrets needs the answer to the ticket, whatever its copy of the roster says. */
async function isMemberHere({ dataDir, loaded }: Known, ticket: Ticket): Promise<boolean> {
  const { memberHere } = await import('../joiner/own-standing.ts');
  return loaded.secrets.clusterSecret !== null && (await memberHere(dataDir, ticket)) !== null;
}

async function joinPatiently(ticket: Ticket, place: Known, log: Log, run: Run): Promise<boolean> {
  await requireFreePort({}, place.loaded);
  let tell = (sentence: string) => log.info('server.joining', sentence.trim());
  for (let waitMs = WAIT_FIRST_MS; ; waitMs = Math.min(2 * waitMs, WAIT_MAX_MS)) {
    try {
      await redeem(ticket, place, {}, tell);
      return true;
    } catch (error) {
      if (!(error instanceof AtlasError)) throw error;
      if (needsNone(error, place)) {
        await dropTicket(place.loaded, log);
        return true;
      }
      if (error.code !== 'unreachable') throw mended(error, place);
      log.warn('server.join_waits', `Not joined yet, asking again in ${waitMs / 1000} s: ${error.message}`, {
        hint: `see that one of them runs and can be reached from here; if they moved, or the ticket is too old by now (a day, unless it was made for longer), ${anotherTicket(place)}`,
      });
    }
    // From now on each round is one line.
    tell = (sentence) => log.debug('server.joining', sentence.trim());
    if (!(await passed(waitMs, run))) return false;
  }
}

/** Told by a server of the cluster, where its own copy of the roster was too old to say so. */
function needsNone({ code }: AtlasError, { loaded }: Known): boolean {
  return code === 'already_member' && loaded.secrets.clusterSecret !== null;
}

const anotherTicket = ({ path }: Place) => `another ticket goes into ${path} as cluster.join_ticket`;

/** A refusal says how it is mended where a person runs the command; here the mend has to come into the file. */
function mended(error: AtlasError, place: Known): AtlasError {
  const { code, message } = error;
  if (code === 'already_member') {
    const hint = `put back the config.yaml of that member (a package that replaced it kept it as ${place.path}.before); if it is lost, run atlas-fleet cluster remove on a server, with that name: then this one joins by its ticket`;
    return new AtlasError(code, message, { hint, cause: error });
  }
  if (!code.startsWith('ticket_')) return error;
  const how = error.hint ?? 'make another on a server of the cluster: atlas-fleet cluster ticket create';
  return new AtlasError(code, message, { hint: `${how}; ${anotherTicket(place)}`, cause: error });
}

/** False when the run was ended before. */
async function passed(ms: number, { ended }: Run): Promise<boolean> {
  const timer = new AbortController();
  const time = delay(ms, true, { signal: timer.signal }).catch(() => false);
  const first = await Promise.race([time, ended.then(() => false)]);
  timer.abort();
  return first;
}

/** It is used, or another's; either way it has done here what it could. That it stays stops nothing. */
async function dropTicket({ config, origins }: LoadedConfig, log: Log): Promise<void> {
  const { path } = config.source;
  if (path === null || origins.get('cluster.join_ticket')?.from !== 'file') return;
  const { editConfig } = await import('../config/config-file.ts');
  const { removeKey } = await import('../config/edit.ts');
  try {
    editConfig(path, (text) => removeKey(text, 'cluster.join_ticket'));
    log.info('server.ticket_dropped', `This server is a member already: took the join ticket out of ${path}`);
  } catch (error) {
    log.warn('server.ticket_stays', `The join ticket could not be taken out of ${path}`, reasonOf(error));
  }
}
