/** What is said before a package is ordered, of what this server packs and signs with. */
import { expect, it } from 'vitest';
import { AtlasError } from '../../../src/base/errors.ts';
import { PackageReadiness, type ReadinessParts } from '../../../src/services/packages/package-readiness.ts';
import type { PackageMaterial } from '../../../src/services/packages/package-settings.ts';
import { FakeProgram } from '../../fakes/program.ts';

const refuse = () => {
  throw new Error('nobody asks');
};
const nothing = { text: '', files: {}, contents: [] };
const settings: PackageMaterial['settings'] = {
  version: '0.1.0',
  isClustered: false,
  registry: { kind: 'folder' },
  redis: null,
  database: { engine: 'sqlite' },
  port: 8768,
  tls: 'files',
  publicUrl: 'https://fleet.example.com',
  url: 'https://fleet.example.com',
  agentIntervalSeconds: 20,
  isLocal: () => false,
};

function view(changes: Partial<ReadinessParts> = {}, kind: 'agent' | 'standalone' = 'standalone') {
  const readiness = new PackageReadiness({
    settings,
    configs: { clusterNode: refuse, standalone: () => nothing, agent: () => nothing },
    program: async () => new FakeProgram(),
    signing: async () => null,
    nodeId: 'server-01',
    cluster: null,
    keyring: null,
    describe: () => ({}) as ReturnType<ReadinessParts['describe']>,
    ...changes,
  });
  const order = { credentials: 'embedded', nodeName: null, redisHost: null, intervalSeconds: null } as const;
  return readiness.view({ ...order, kind, architecture: 'arm64', servers: null });
}

it('an identity that cannot be read is said with its mend, and stands in the way of no unsigned package', async () => {
  const hint = 'Set package.sign_chain to it.';
  const signing = async () => {
    throw new AtlasError('signer_invalid', 'The chain does not begin with the certificate of the key.', {
      hint,
    });
  };
  const { ready, checks, signing_identity } = await view({ signing });
  expect({ ready, signing_identity }).toEqual({ ready: true, signing_identity: null });
  expect(checks.filter(({ result }) => result !== 'pass')).toEqual([
    {
      code: 'signing',
      result: 'warn',
      sentence: 'This server cannot sign packages: The chain does not begin with the certificate of the key.',
      mend: hint,
    },
  ]);
});

it('an identity that can be read is named, and one that nobody set is not missed', async () => {
  const signing = async () => ({ name: 'Developer ID Installer: Ada', open: refuse });
  expect((await view({ signing })).signing_identity).toBe('Developer ID Installer: Ada');
  const codes = async (parts?: Partial<ReadinessParts>) => (await view(parts)).checks.map(({ code }) => code);
  expect([await codes({ signing }), await codes()]).toEqual([['program'], ['program']]);
});

it('what goes wrong without a code is not taken for a lack', async () => {
  await expect(view({ signing: refuse })).rejects.toThrow('nobody asks');
  await expect(view({ program: refuse })).rejects.toThrow('nobody asks');
});

it('an agent that is told nothing else reports as often as this configuration says', async () => {
  expect((await view({}, 'agent')).defaults).toMatchObject({ interval_seconds: 20 });
});

it('an agent is told the servers with the pins that it knows them by', async () => {
  const pin = Buffer.alloc(32, 7).toString('base64');
  const record = { tls_spki_sha256: pin } as ReturnType<ReadinessParts['describe']>;
  const { defaults } = await view({ settings: { ...settings, tls: 'own' }, describe: () => record }, 'agent');
  expect(defaults).toMatchObject({ servers: ['https://fleet.example.com'], pins: [pin] });
  expect((await view({}, 'agent')).defaults.pins).toEqual([]);
});

it('a program that lacks says so in its own words', async () => {
  const program = new FakeProgram();
  program.missing = { what: 'Node for arm64 is not here.', mend: 'atlas-fleet runtime fetch' };
  const { ready, checks } = await view({ program: async () => program });
  expect(ready).toBe(false);
  expect(checks).toEqual([
    { code: 'program', result: 'fail', sentence: program.missing.what, mend: program.missing.mend },
  ]);
});
