/** The object API with the examples of the two documents this project began from, and their exact words. */
import { describe, expect, it } from 'vitest';
import {
  type ClusterSecurityOptions,
  ClusterSecurity as Source,
} from '../../src/protocol/cluster-security.ts';
import { ManualClock } from '../fakes/clock.ts';

const SECRET = Buffer.from('a cluster secret of 32 bytes, ok').toString('base64');
const OTHER_SECRET = Buffer.from('another secret of 32 bytes, ok..').toString('base64');

function make(options: ClusterSecurityOptions = {}, secret: string | null = SECRET) {
  const clock = new ManualClock();
  return { clock, security: new Source(secret, { clock, ...options }) };
}

const NODE = { node_id: 'server-01', host: '10.0.1.100', port: 8768 };

describe("the seeds' examples", () => {
  it('Test Node Registration: valid, no error; tampered with: the exact words', () => {
    const { security } = make();
    const signed = security.signNodeData(NODE);
    expect(security.verifyNodeData(signed)).toEqual({ valid: true, error: null, code: null });
    expect(security.verifyNodeData({ ...signed, host: '10.0.0.666' })).toEqual({
      valid: false,
      error: 'Invalid signature - data tampered!',
      code: 'invalid_signature',
    });
  });

  it('Security Flow: signing adds the time, the version and the signature, and keeps the data', () => {
    const { clock, security } = make();
    const signed = security.signNodeData(NODE);
    expect(signed).toMatchObject({ ...NODE, _timestamp: clock.wallMs() / 1000, _security_version: '2.0' });
    expect(signed._signature).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(NODE).not.toHaveProperty('_signature');
  });

  it('Attack 1, rogue node registration: Missing signature', () => {
    const attacker = { node_id: 'attacker', host: '10.0.0.666' };
    expect(make().security.verifyNodeData(attacker)).toEqual({
      valid: false,
      error: 'Missing signature',
      code: 'missing_signature',
    });
  });

  it('Attack 2, data tampering, through the text of the backend: Invalid signature - data tampered!', () => {
    const { security } = make();
    const node = JSON.parse(JSON.stringify(security.signNodeData(NODE)));
    node.host = '10.0.0.666';
    expect(security.verifyNodeData(node).error).toBe('Invalid signature - data tampered!');
  });

  it('Attack 3, replay of yesterday: Timestamp too old (86400s > 300s)', async () => {
    const { clock, security } = make();
    const captured = security.signNodeData(NODE);
    await clock.advance(86_400_000);
    expect(security.verifyNodeData(captured)).toEqual({
      valid: false,
      error: 'Timestamp too old (86400s > 300s)',
      code: 'timestamp_old',
    });
  });

  it('Timestamp Validation: in future, beyond the tolerance', () => {
    const { clock, security } = make();
    const signed = security.signNodeData(NODE);
    clock.setWall(clock.wallMs() - 5000);
    expect(security.verifyNodeData(signed).valid).toBe(true);
    clock.setWall(clock.wallMs() - 1000);
    expect(security.verifyNodeData(signed)).toEqual({
      valid: false,
      error: 'Timestamp in future (6s > 5s)',
      code: 'timestamp_future',
    });
  });

  it('Heartbeat Authentication: good for 30 seconds, and never a node record', async () => {
    const { clock, security } = make();
    const heartbeat = security.signHeartbeat('server-01');
    expect(heartbeat.node_id).toBe('server-01');
    await clock.advance(30_000);
    expect(security.verifyHeartbeat(heartbeat)).toEqual({ valid: true, error: null, code: null });
    expect(security.verifyNodeData(heartbeat)).toEqual({
      valid: false,
      error: 'Not a node record',
      code: 'wrong_type',
    });
    await clock.advance(1000);
    expect(security.verifyHeartbeat(heartbeat).error).toBe('Timestamp too old (31s > 30s)');
  });

  it('Check Security Status: what was printed stands in it', () => {
    expect(make().security.getSecurityStatus()).toMatchObject({
      enabled: true,
      authentication: 'HMAC-SHA256',
      signing: 'enabled',
      replay_protection: 'enabled',
      warning: null,
      level: 2,
    });
  });

  it('Level 1, no secret: everything passes, and the status carries the warning', () => {
    const { security } = make({}, null);
    expect(security.verifyNodeData({ node_id: 'attacker' })).toEqual({
      valid: true,
      error: null,
      code: null,
    });
    expect(security.verifyHeartbeat(security.signHeartbeat('server-01')).valid).toBe(true);
    expect(security.signNodeData(NODE)).not.toHaveProperty('_signature');
    expect(security.getSecurityStatus()).toMatchObject({
      enabled: false,
      signing: 'disabled',
      warning: 'Cluster authentication DISABLED - nodes can join without verification!',
      level: 1,
    });
  });

  it('Generate Cluster Secret: base64 of 32 bytes, taken as it is', () => {
    const secret = Source.generateClusterSecret();
    expect(Buffer.from(secret, 'base64').byteLength).toBe(32);
    expect(() => new Source(secret)).not.toThrow();
  });

  it('nodes with different secrets cannot join', () => {
    const { clock, security } = make();
    const other = new Source(OTHER_SECRET, { clock });
    expect(security.verifyNodeData(other.signNodeData(NODE))).toMatchObject({
      valid: false,
      error: 'Of another cluster',
      code: 'wrong_cluster',
    });
    const clusterId = '0123456789abcdef0123456789abcdef';
    const [here, there] = [
      new Source(SECRET, { clock, clusterId }),
      new Source(OTHER_SECRET, { clock, clusterId }),
    ];
    expect(here.verifyNodeData(there.signNodeData(NODE))).toMatchObject({
      valid: false,
      error: 'Signed with another cluster secret',
      code: 'unknown_key',
    });
  });
});

describe('a bad secret', () => {
  it.each([
    ['', 'cluster_secret: it decodes to 0 bytes; at least 32 are needed'],
    ['NEW_SECRET_HERE', 'cluster_secret: it is not base64 (RFC 4648, with padding)'],
    [
      'YmFzZTY0X2VuY29kZWRfc2VjcmV0X2hlcmVfMzJfYnl0ZXM=',
      'cluster_secret: it is the sample from a published document; everybody has it',
    ],
  ])('"%s" is an error and never no secret', (secret, message) => {
    expect(() => new Source(secret)).toThrow(new TypeError(message));
  });
});

describe('what is verified', () => {
  const { security } = make();
  const signed = security.signNodeData({ ...NODE, tags: ['a'], nested: { b: 1 } });

  it('is every field: changed, missing or added', () => {
    const believed = Object.keys(signed).filter((name) => {
      const changed = security.verifyNodeData({ ...signed, [name]: 'other' }).valid;
      const missing = security.verifyNodeData(
        Object.fromEntries(Object.entries(signed).filter(([each]) => each !== name)),
      ).valid;
      return changed || missing;
    });
    expect(believed).toEqual([]);
    expect(security.verifyNodeData({ ...signed, role: 'admin' }).code).toBe('invalid_signature');
    expect(security.verifyNodeData({ ...signed, nested: { b: 2 } }).code).toBe('invalid_signature');
  });

  it('does not depend on the order of the fields', () => {
    const reversed = Object.fromEntries(Object.entries(signed).reverse());
    expect(security.verifyNodeData(reversed).valid).toBe(true);
  });

  it.each([
    ['null', null],
    ['a text', JSON.stringify(signed)],
    ['an array', [signed]],
    ['an instance', Object.assign(Object.create({ inherited: 1 }), signed)],
    ['a fraction', { ...signed, load: 0.5 }],
    ['a function', { ...signed, toJSON: () => signed }],
  ])('is not %s', (_, value) => {
    expect(security.verifyNodeData(value)).toEqual({
      valid: false,
      error: 'Not the shape of a record',
      code: 'malformed',
    });
  });

  it('is not a getter that shows one thing to the check and throws at the next', () => {
    const sly = {
      ...signed,
      get host(): string {
        throw new Error('caught');
      },
    };
    expect(security.verifyNodeData(sly).code).toBe('malformed');
  });

  /** What says `shown` to the language's encoder, and holds something else. */
  const hiding = (held: object, shown: unknown) =>
    Object.defineProperty(held, 'toJSON', { value: () => shown, enumerable: false });

  it.each([
    ['a hidden toJSON', () => hiding({ ...signed, host: '10.0.0.666' }, signed)],
    ['a hidden toJSON inside', () => ({ ...signed, nested: hiding({ b: 2 }, { b: 1 }) })],
    ['a toJSON of an array', () => ({ ...signed, tags: hiding(['b'], ['a']) })],
    [
      'an array of another class',
      () => ({
        ...signed,
        tags: new (class extends Array<string> {
          toJSON = () => ['a'];
        })(3).fill('b'),
      }),
    ],
  ])('is what is there, and not what it tells the encoder: %s', (_, sly) => {
    expect(security.verifyNodeData(sly()).code).toBe('invalid_signature');
  });

  it('is not a field that is asked for its value', () => {
    let asked = 0;
    const sly = Object.defineProperty({ ...signed }, 'host', {
      enumerable: true,
      get: () => {
        asked += 1;
        return NODE.host;
      },
    });
    expect(security.verifyNodeData(sly).code).toBe('malformed');
    expect(() => security.signNodeData(sly)).toThrow('not canonical JSON: An accessor is not a value');
    expect(asked).toBe(0);
  });

  it('is of a proxy what it said the first time', () => {
    const asked = new Map<PropertyKey, number>();
    const proxy = new Proxy(NODE, {
      getOwnPropertyDescriptor: (target, name) => {
        const times = asked.get(name) ?? 0;
        asked.set(name, times + 1);
        const property = Reflect.getOwnPropertyDescriptor(target, name);
        return times < 2 || name !== 'host'
          ? property
          : { ...property, configurable: true, value: '10.0.0.666' };
      },
      get: () => '10.0.0.66',
    });
    const proven = security.signNodeData(proxy);
    expect(proven).toMatchObject(NODE);
    expect(security.verifyNodeData(proven).valid).toBe(true);
  });

  it.each([Number.NaN, -1])('is nothing within a maximal age of %d s', (maxAgeSeconds) => {
    expect(security.verifyNodeData(signed, { maxAgeSeconds }).code).toBe('timestamp_old');
  });

  it('is nothing with a tolerance that is no number', () => {
    expect(make({ clockToleranceSeconds: Number.NaN }).security.verifyNodeData(signed).code).toBe(
      'timestamp_future',
    );
  });

  it('can be of another time, when asked so', async () => {
    const { clock, security: aged } = make();
    const data = aged.signNodeData(NODE);
    await clock.advance(3_600_000);
    expect(aged.verifyNodeData(data, { maxAgeSeconds: 3600 }).valid).toBe(true);
    expect(aged.verifyNodeData(data, { maxAgeSeconds: 3599 }).error).toBe(
      'Timestamp too old (3600s > 3599s)',
    );
  });

  it('what is signed is what is returned, though it hides something else', () => {
    const sly = { ...NODE, nested: hiding({ b: 2 }, { b: 1 }), tags: hiding(['b'], ['a']) };
    const proven = security.signNodeData(sly);
    expect(JSON.parse(JSON.stringify(proven))).toMatchObject({ nested: { b: 2 }, tags: ['b'] });
    expect(security.verifyNodeData(JSON.parse(JSON.stringify(proven))).valid).toBe(true);
  });

  it('what cannot be read back is not signed', () => {
    expect(() => security.signNodeData({ load: 0.5 })).toThrow(
      'not canonical JSON: A number is not a safe integer',
    );
  });
});
