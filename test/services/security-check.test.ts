/** The security check on real services: what it computes, when it alarms, and that it never passes unasked. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Keyring } from '../../src/protocol/keyring.ts';
import { RECORD_MAX_BYTES } from '../../src/protocol/limits.ts';
import type { NodeRecordBody } from '../../src/protocol/node-record.ts';
import { securityStatus } from '../../src/protocol/security-level.ts';
import {
  CHECK_INTERVAL_MS,
  SecurityCheck,
  type SecurityCheckParts,
} from '../../src/services/security/security-check.ts';
import type { RegistryFacts } from '../../src/store/registry-facts.ts';
import { FakeLog } from '../fakes/log.ts';
import { KEYRING, OTHER_KEYRING } from '../protocol/signer.ts';
import { type Server, SmallCluster } from './small-cluster.ts';

let small: SmallCluster;
let a: Server;
let b: Server;
let log: FakeLog;
let changes: number;

beforeEach(async () => {
  small = new SmallCluster({ intervalMs: 10_000, timeoutMs: 30_000 }, { roster: true });
  [a, b] = await small.startThree();
  log = new FakeLog();
  changes = 0;
});

const OWN = () => small.disk('a').signer.nodeBody();
/** Of which no record can be made, so that each line of the self-test fails. */
const UNFIT = () => ({ ...OWN(), hostname: 'x'.repeat(RECORD_MAX_BYTES) });
const SELF_TEST = ['own_record', 'flipped_bit', 'other_type', 'old_record', 'other_key'];

interface Change extends Partial<SecurityCheckParts> {
  readonly hasPassword?: boolean;
  readonly keyring?: Keyring | null;
  readonly describe?: () => NodeRecordBody;
}

function checkOf({
  hasPassword = false,
  keyring = KEYRING,
  describe = OWN,
  ...parts
}: Change = {}): SecurityCheck {
  const { signer, roster: disk } = small.disk('a');
  return new SecurityCheck({
    clock: small.time,
    log,
    nodeId: 'a',
    status: () => securityStatus(keyring && keysOf(keyring), hasPassword),
    exposure: {
      nodeId: 'a',
      registry: { kind: 'folder', path: 'memory' },
      database: { engine: 'sqlite', path: 'fleet.db' },
      acceptV1: true,
      tls: true,
    },
    cluster: {
      parts: a.cluster,
      keyring,
      signingKey: signer.key,
      describe,
      clockToleranceSeconds: 5,
      terms: { hasPassword, isLocal: true },
      copies: { disk, registry: small.roster },
    },
    onChange: () => {
      changes += 1;
    },
    ...parts,
  });
}

const lineOf = (check: SecurityCheck, code: string) =>
  check.report().lines.find((line) => line.code === code);

const keysOf = ({ clusterId, signing }: Keyring) => ({ clusterId, keyId: signing.keyId });

/** What each line of the log says that failed. */
const told = () => log.lines.map(({ fields }) => fields.failed);

function redisThatIs({ open }: { readonly open: boolean }): RegistryFacts {
  const unknown = { told: null, why: 'not_told' } as const;
  return {
    kind: 'redis',
    tls: true,
    isOpen: { told: open },
    ...{ user: unknown, version: unknown, role: unknown },
    ...{ appendOnly: unknown, snapshots: unknown, maxmemoryPolicy: unknown },
  };
}

describe('the report', () => {
  it('of a healthy cluster has no failed line, the seeds’ fields, every server and the roster', async () => {
    const check = checkOf();
    expect(check.report().checked_at).toBeNull();
    expect(lineOf(check, 'own_record')).toBeUndefined();
    await check.check();
    const report = check.report();
    expect(report).toMatchObject({
      enabled: true,
      authentication: 'HMAC-SHA256',
      signing: 'enabled',
      replay_protection: 'enabled',
      warning: null,
      level: 2,
      checked_by: 'a',
      roster: { members: 3, admission: 'secret', level: 2, pending: null },
    });
    expect(report.lines.filter(({ state }) => state === 'fail' || state === 'warn')).toEqual([]);
    expect(report.nodes.map(({ node_id, state, this_node }) => [node_id, state, this_node])).toEqual([
      ['a', 'pass', true],
      ['b', 'pass', false],
      ['c', 'pass', false],
    ]);
    expect(report.blast_radius[0]?.recover[0]?.command).toBe(
      'atlas-fleet cluster rotate-secret --compromised --keep a --keep b --keep c',
    );
  });

  it('tells a server that is gone, and one with another secret, as what they are', async () => {
    b.clock.kill();
    await small.intervals(5);
    const check = checkOf({ keyring: OTHER_KEYRING });
    expect(check.report().nodes.map(({ sentence }) => sentence)).toEqual([
      expect.stringContaining('count here'),
      'It is offline: nothing of it is verified now.',
      'It does not accept the secret that this server signs with.',
    ]);
  });

  it('without cluster mode has no lines and still says what a leak gives away', async () => {
    const check = checkOf({ cluster: null });
    check.start();
    await check.check();
    expect(check.report()).toMatchObject({ checked_at: null, lines: [], nodes: [], roster: null });
    expect(check.report().blast_radius).toHaveLength(5);
  });
});

describe('the roster', () => {
  it('in the registry that is not the one on the disk is warned of, each copy for itself', async () => {
    const check = checkOf();
    await small.roster.cut(0);
    await check.check();
    expect(lineOf(check, 'head_registry')).toMatchObject({ state: 'warn', seen: 'missing' });
    expect(lineOf(check, 'head_disk')).toMatchObject({ state: 'pass', seen: 'the same' });
    small.roster.away = true;
    await check.check();
    expect(lineOf(check, 'head_registry')).toMatchObject({ state: 'warn', seen: 'cannot be read now' });
  });

  it('that another step stands in is told from one that is ahead', async () => {
    const check = checkOf();
    const epoch = a.cluster.trust?.roster?.epoch ?? 0;
    small.roster.places.set(epoch + 1, Buffer.from('{}'));
    await check.check();
    expect(lineOf(check, 'head_registry')).toMatchObject({
      state: 'pass',
      seen: 'the same, and a newer one',
    });
    small.roster.places.set(epoch, Buffer.from('{}'));
    await check.check();
    expect(lineOf(check, 'head_registry')).toMatchObject({ state: 'warn', seen: 'another one' });
  });
});

describe('a failed self-test', () => {
  it('is a critical finding and an error in the log, until it passes again', async () => {
    let isBroken = true;
    const check = checkOf({
      describe: () => (isBroken ? UNFIT() : OWN()),
    });
    await check.check();
    expect(check.findings.map(({ code, severity }) => [code, severity])).toEqual(
      SELF_TEST.map((code) => [`security_${code}`, 'critical']),
    );
    expect(check.findings[1]?.sentence).toBe(
      'The security check failed. The same record with one bit flipped: expected invalid_signature, seen broke down: a record has at most 16384 bytes.',
    );
    isBroken = false;
    await check.check();
    expect(check.findings).toEqual([]);
    expect(told()).toEqual([SELF_TEST, undefined]);
    expect(changes).toBe(2);
  });

  it('is told when it begins while another one ends, and told once', async () => {
    let hasPassword = true;
    const check = checkOf({ hasPassword, status: () => securityStatus(keysOf(KEYRING), hasPassword) });
    await a.cluster.trust?.keeper.propose(() => [{ op: 'level', level: 3 }]);
    small.registry.facts = redisThatIs({ open: true });
    await check.check();
    hasPassword = false;
    small.registry.facts = redisThatIs({ open: false });
    await check.check();
    await check.check();
    expect(told()).toEqual([['redis_open'], ['level']]);
    expect(changes).toBe(2);
  });

  it('is told of a level that changed between two runs', async () => {
    const check = checkOf();
    await check.check();
    await a.cluster.trust?.keeper.propose(() => [{ op: 'level', level: 3 }]);
    expect(check.findings).toHaveLength(1);
    await check.check();
    expect(told()).toEqual([['level']]);
    expect(changes).toBe(1);
  });

  it('leaves to another finding what that says: authentication that is off, a registry that is away', async () => {
    const off = checkOf({ keyring: null });
    await off.check();
    expect(lineOf(off, 'level')).toMatchObject({ state: 'fail' });
    expect(off.findings).toEqual([]);
    small.registry.readable = false;
    const away = checkOf();
    await away.check();
    expect(lineOf(away, 'probe')).toMatchObject({ state: 'fail' });
    expect(lineOf(away, 'registry_facts')).toMatchObject({ state: 'warn' });
    expect(away.findings).toEqual([]);
  });

  it('is a level below the one that the roster promises', async () => {
    await a.cluster.trust?.keeper.propose(() => [{ op: 'level', level: 3 }]);
    const check = checkOf();
    await check.check();
    expect(check.findings).toMatchObject([
      {
        code: 'security_level',
        sentence:
          'The security check failed. The security level now, against what the roster promises: expected level 3, seen level 2.',
        mend: expect.stringContaining('redis_password'),
      },
    ]);
    const kept = checkOf({ hasPassword: true });
    await kept.check();
    expect(kept.findings).toEqual([]);
  });

  it('is what a Redis is that has a password and lets anybody in', async () => {
    small.registry.facts = redisThatIs({ open: true });
    const check = checkOf({ hasPassword: true });
    await check.check();
    expect(check.findings.map(({ code }) => code)).toEqual(['security_redis_open']);
  });
});

describe('the rounds', () => {
  it('begin with the start, come every ten minutes, and end with the stop', async () => {
    const check = checkOf();
    check.start();
    await small.time.advance(1);
    const first = check.report().checked_at;
    expect(first).not.toBeNull();
    await small.time.advance(CHECK_INTERVAL_MS + 1000);
    const second = check.report().checked_at;
    expect(Date.parse(second ?? '')).toBeGreaterThan(Date.parse(first ?? ''));
    check.stop();
    await small.time.advance(2 * CHECK_INTERVAL_MS);
    expect(check.report().checked_at).toBe(second);
  });

  it('are one for all who ask at once', async () => {
    let times = 0;
    const check = checkOf({
      describe: () => {
        times += 1;
        return OWN();
      },
    });
    await Promise.all([check.check(), check.check(), check.check()]);
    expect(times).toBe(1);
  });
});
