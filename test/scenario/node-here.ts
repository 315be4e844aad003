/** Starts a server in this process, as `atlas-fleet server` would in one of its own; what it packs is given. */
import { systemClock } from '../../src/base/clock.ts';
import { type Log, silentLog } from '../../src/base/log.ts';
import { joinValues } from '../../src/config/join-values.ts';
import { loadConfig } from '../../src/config/load.ts';
import { SecretRest } from '../../src/config/secret-rest.ts';
import { type RunningNode, startNode } from '../../src/node.ts';
import { FakeProgram } from '../fakes/program.ts';

export interface NodeHere {
  readonly program?: FakeProgram;
  readonly log?: Log;
}

export async function startNodeHere(
  configPath: string,
  { program = new FakeProgram(), log = silentLog }: NodeHere = {},
): Promise<RunningNode> {
  const loaded = loadConfig({ role: 'server', configPath, env: {} });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ sentence }) => sentence).join('\n'));
  return startNode({
    config: loaded.config,
    secrets: loaded.secrets,
    secretRest: new SecretRest(loaded),
    joinValues: (terms) => ({ ...joinValues(loaded, terms) }),
    version: program.version,
    clock: systemClock,
    packing: { program: async () => program, signing: async () => null },
    openLog: () => log,
  });
}
