/** Joining by a ticket, on the real services: who is let in, who is told what, and who is heard of. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseCanonical } from '../../src/protocol/canonical-json.ts';
import { openEnvelope } from '../../src/protocol/envelope.ts';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import { type JoinClaim, proveTicket, signClaim } from '../../src/protocol/join-claim.ts';
import { OPEN_TICKETS_MAX } from '../../src/protocol/limits.ts';
import type { NodeRecordBody } from '../../src/protocol/node-record.ts';
import { readTicket, type Ticket } from '../../src/protocol/ticket.ts';
import { Audit } from '../../src/services/people/audit.ts';
import { Joining, type JoinRequest, TICKET_TRIES } from '../../src/services/trust/joining.ts';
import { Tickets } from '../../src/services/trust/tickets.ts';
import { FakeAuditLog } from '../fakes/audit-log.ts';
import { FakeLog } from '../fakes/log.ts';
import { CLUSTER_ID, KEYRING } from '../protocol/signer.ts';
import { type Server, SmallCluster } from './small-cluster.ts';

const ADDRESS = '192.0.2.7';
const BY = { actor: { kind: 'local', name: '' }, address: null } as const;
const SPKI = Buffer.alloc(32, 5).toString('base64');
const HOUR_S = 3600;

/** A machine with keys, which may come twice. */
class Machine {
  readonly signing: KeyObject = generateKeyPairSync('ed25519').privateKey;
  readonly sealing: KeyObject = generateKeyPairSync('x25519').privateKey;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get member() {
    const { signing, sealing, name: node_id } = this;
    return { node_id, identity_key: publicKeyText(signing), sealing_key: publicKeyText(sealing) };
  }

  request(ticket: Ticket, nonce: string, member = this.member): JoinRequest {
    const claim: JoinClaim = { clusterId: ticket.clusterId, ticketId: ticket.id, member, nonce };
    const signed = { proof: proveTicket(ticket, claim), signature: signClaim(claim, this.signing) };
    return { ticket: ticket.id, member, nonce, ...signed };
  }
}

let small: SmallCluster;
let a: Server;
let b: Server;
let c: Server;
let auditLog: FakeAuditLog;
let log: FakeLog;
let tickets: Tickets;
let joining: Joining;
let alarms: number;

beforeEach(async () => {
  small = new SmallCluster({ intervalMs: 10_000, timeoutMs: 30_000 }, { roster: true });
  [a, b, c] = await small.startThree();
  auditLog = new FakeAuditLog();
  log = new FakeLog();
  alarms = 0;
  tickets = ticketsOf(a, { tls_spki_sha256: SPKI });
  joining = joiningOf(a);
});

const auditOf = () => new Audit({ audit: auditLog, nodeId: 'a', clock: small.time, log });

function ticketsOf({ cluster, name }: Server, changes: Partial<NodeRecordBody>): Tickets {
  const describe = () => small.disk(name).signer.nodeBody({ host: 'a.example.com', ...changes });
  return new Tickets({ cluster, clock: small.time, audit: auditOf(), describe });
}

function joiningOf({ cluster }: Server): Joining {
  return new Joining({
    trust: cluster.trust,
    keyring: KEYRING,
    clock: small.time,
    log,
    audit: auditOf(),
    joinValues: ({ clusterId, admission, pin }) => ({ clusterId, admission, pin: pin.epoch }),
    onMisuse: () => {
      alarms += 1;
    },
  });
}

async function newTicket(lifeSeconds = HOUR_S): Promise<Ticket> {
  const { text } = await tickets.create({ lifeSeconds }, BY);
  const reading = readTicket(text);
  if (!reading.ok) throw new Error(reading.reason);
  return reading.ticket;
}

const join = (machine: Machine, ticket: Ticket, at = joining) =>
  at.join(machine.request(ticket, at.challenge().nonce), ADDRESS);
const refusal = (code: string) => expect.objectContaining({ code });
const members = ({ cluster }: Server) => [...(cluster.trust?.roster?.members.keys() ?? [])];
const audited = async () =>
  (await auditLog.list({ limit: 100 })).entries.map(({ action, outcome }) => `${action} ${outcome}`);

describe('a ticket', () => {
  it('names this server first, pins the roster as it was, and is listed without its secret', async () => {
    const { epoch, digest } = a.cluster.trust?.roster ?? {};
    const ticket = await newTicket();
    expect(ticket).toMatchObject({ clusterId: CLUSTER_ID, epoch, hash: digest });
    expect(ticket.servers[0]).toEqual({ url: 'https://a.example.com:8768', spki_sha256: SPKI });
    expect(tickets.list()).toMatchObject([{ id: ticket.id, state: 'open', created_by: 'a', used_by: null }]);
    expect(JSON.stringify([tickets.list(), await auditLog.list({ limit: 9 })])).not.toContain(
      Buffer.from(ticket.secret.reveal()).toString('base64'),
    );
    expect(await audited()).toEqual(['ticket.created done']);
  });

  it('is not made by a server that no joiner could recognise', async () => {
    const plain = ticketsOf(a, {});
    await expect(plain.create({ lifeSeconds: HOUR_S }, BY)).rejects.toEqual(refusal('ticket_needs_tls'));
    expect(plain.obstacle?.sentence).toMatch(/^This server speaks no TLS/);
    expect(tickets.obstacle).toBeNull();
  });

  it('is not made without end: those that are open are counted', async () => {
    for (let i = 0; i < OPEN_TICKETS_MAX; i += 1) await newTicket(i === 0 ? 60 : HOUR_S);
    await expect(newTicket()).rejects.toEqual(refusal('tickets_full'));
    await small.time.advance(61_000);
    await newTicket();
  });

  it('is revoked once, while nobody has used it', async () => {
    const ticket = await newTicket();
    await tickets.revoke(ticket.id, BY);
    expect(tickets.list()[0]?.state).toBe('revoked');
    await expect(tickets.revoke(ticket.id, BY)).rejects.toEqual(refusal('ticket_revoked'));
    await expect(tickets.revoke('0011223344556677', BY)).rejects.toEqual(refusal('ticket_missing'));
    const used = await newTicket();
    await join(new Machine('new'), used);
    await expect(tickets.revoke(used.id, BY)).rejects.toEqual(refusal('ticket_used'));
  });
});

describe('who proves a ticket', () => {
  it('is a member by one step, and gets what is sealed to its key alone', async () => {
    const machine = new Machine('new');
    const ticket = await newTicket();
    const { epoch, hash, envelope } = await join(machine, ticket);
    expect(a.cluster.trust?.roster).toMatchObject({ epoch, digest: hash });
    const info = { purpose: 'join', clusterId: CLUSTER_ID, epoch, nodeId: 'new' } as const;
    const opened = await openEnvelope(envelope, machine.sealing, info);
    expect(opened && parseCanonical(opened)).toMatchObject({
      value: { clusterId: CLUSTER_ID, admission: 'secret', pin: epoch },
    });
    expect(await openEnvelope(envelope, new Machine('new').sealing, info)).toBeUndefined();
    expect(tickets.list()[0]).toMatchObject({ state: 'used', used_by: 'new' });
    expect(await audited()).toEqual(['ticket.redeemed done', 'ticket.created done']);
  });

  it('may ask again with the same keys, of any server, and is admitted once', async () => {
    const machine = new Machine('new');
    const ticket = await newTicket(120);
    const before = await join(machine, ticket);
    await small.intervals(1);
    const again = await join(machine, ticket, joiningOf(b));
    expect([again.epoch, again.hash]).toEqual([before.epoch, before.hash]);
    expect(again.envelope).not.toEqual(before.envelope);
    await small.time.advance(120_000);
    await expect(join(machine, ticket)).rejects.toEqual(refusal('ticket_expired'));
  });

  it('gets the secret that is being rotated in by the same step', async () => {
    const ticket = await newTicket();
    await a.cluster.trust?.rotation.begin();
    await join(new Machine('new'), ticket);
    expect(a.cluster.trust?.roster?.pending?.sealed.has('new')).toBe(true);
  });

  it('is admitted where the secret admits nobody', async () => {
    const ticket = await newTicket();
    await a.cluster.trust?.keeper.propose(() => [{ op: 'admission', admission: 'ticket' }]);
    await join(new Machine('new'), ticket);
    expect(members(a)).toContain('new');
  });

  it('is not let in by a ticket from before a compromise', async () => {
    const before = await newTicket();
    const { rotation, roster } = a.cluster.trust ?? expect.fail('a cluster with a roster');
    const kept = [...(roster?.members.values() ?? [])];
    await rotation.beginAfterCompromise(new Map(kept.map((each) => [each.node_id, each.identity_key])));
    expect(tickets.list()).toMatchObject([{ id: before.id, state: 'revoked' }]);
    await expect(join(new Machine('new'), before)).rejects.toEqual(refusal('ticket_revoked'));
  });

  it('is told that it ran out, or was revoked', async () => {
    const revoked = await newTicket();
    await tickets.revoke(revoked.id, BY);
    await expect(join(new Machine('new'), revoked)).rejects.toEqual(refusal('ticket_revoked'));
    const expired = await newTicket(60);
    await small.time.advance(61_000);
    await expect(join(new Machine('new'), expired)).rejects.toEqual(refusal('ticket_expired'));
    expect(members(a)).not.toContain('new');
    expect(alarms).toBe(0);
  });

  it("cannot take a member's name or key, and may then come with another", async () => {
    const ticket = await newTicket();
    await expect(join(new Machine('b'), ticket)).rejects.toEqual(refusal('join_refused'));
    expect(tickets.list()[0]?.state).toBe('open');
    await join(new Machine('new'), ticket);
  });

  it('gets nothing from a server that was sent away itself', async () => {
    const ticket = await newTicket();
    const machine = new Machine('new');
    await join(machine, ticket);
    await b.cluster.trust?.sync(); // it has heard of the ticket, and not yet of its own removal
    await a.cluster.trust?.keeper.propose(() => [{ op: 'remove', node_id: 'b' }]);
    await expect(join(machine, ticket, joiningOf(b))).rejects.toEqual(refusal('join_later'));
  });

  it('is not called unknown by a server that has just started, before that has read the registry', async () => {
    const ticket = await newTicket();
    b.clock.kill();
    small.roster.away = true;
    const again = await small.start('b');
    await expect(join(new Machine('new'), ticket, joiningOf(again))).rejects.toEqual(refusal('join_later'));
    small.roster.away = false;
    await small.intervals(2);
    await join(new Machine('new'), ticket, joiningOf(again));
    expect(members(again)).toContain('new');
  });

  it('has a sealing key that something can be sealed to', async () => {
    const machine = new Machine('new');
    const ticket = await newTicket();
    const member = { ...machine.member, sealing_key: Buffer.alloc(32).toString('base64') };
    const request = machine.request(ticket, joining.challenge().nonce, member);
    await expect(joining.join(request, ADDRESS)).rejects.toEqual(refusal('bad_request'));
    expect(tickets.list()[0]?.state).toBe('open');
  });
});

describe('who comes with a used ticket and other keys', () => {
  it('is refused, written down, and an alarm on the health page for an hour', async () => {
    const ticket = await newTicket();
    await join(new Machine('new'), ticket);
    await expect(join(new Machine('new'), ticket)).rejects.toEqual(refusal('ticket_used'));
    await expect(join(new Machine('other'), ticket)).rejects.toEqual(refusal('ticket_used'));
    expect(joining.findings).toMatchObject([{ code: 'ticket_misused', severity: 'critical' }]);
    expect(joining.findings[0]?.sentence).toContain(`from ${ADDRESS} with other keys`);
    expect(joining.findings[0]?.sentence).toMatch(/Nobody was let in\. Shown until 13:\d\d UTC\.$/);
    expect(log.events().filter((event) => event === 'cluster.ticket.misused')).toHaveLength(1);
    expect((await audited()).slice(0, 2)).toEqual(['ticket.refused refused', 'ticket.refused refused']);
    expect(alarms).toBe(2);
    for (const { clock } of [a, b, c]) clock.kill(); // an hour of their lives takes time
    await small.time.advance(HOUR_S * 1000);
    expect(joining.findings).toEqual([]);
  });

  it('is whoever was sent away since', async () => {
    const machine = new Machine('new');
    const ticket = await newTicket();
    await join(machine, ticket);
    await a.cluster.trust?.keeper.propose(() => [{ op: 'remove', node_id: 'new' }]);
    await expect(join(machine, ticket)).rejects.toEqual(refusal('ticket_used'));
  });

  it('is counted, and keeps the rightful one from nothing', async () => {
    const machine = new Machine('new');
    const ticket = await newTicket();
    await join(machine, ticket);
    for (let i = 1; i < TICKET_TRIES.burst; i += 1)
      await expect(join(new Machine('thief'), ticket)).rejects.toEqual(refusal('ticket_used'));
    await expect(join(new Machine('thief'), ticket)).rejects.toEqual(refusal('rate_limited'));
    await join(machine, ticket);
  });
});

describe('who proves nothing', () => {
  it('hears the same, whatever is wrong, and is not written down', async () => {
    const ticket = await newTicket();
    const machine = new Machine('new');
    const good = () => machine.request(ticket, joining.challenge().nonce);
    const stranger = joiningOf(a).challenge().nonce;
    const late = joining.challenge().nonce;
    await small.time.advance(61_000);
    const wrong: JoinRequest[] = [
      { ...good(), ticket: '0011223344556677' },
      { ...good(), proof: good().signature },
      { ...good(), signature: good().proof },
      { ...good(), member: new Machine('new').member },
      { ...good(), nonce: joining.challenge().nonce },
      machine.request(ticket, stranger),
      machine.request(ticket, late),
    ];
    const before = await audited();
    const said = await Promise.all(wrong.map((one) => joining.join(one, ADDRESS).catch((error) => error)));
    expect(said).toEqual(wrong.map(() => refusal('ticket_unknown')));
    expect(new Set(said.map(({ message, hint }) => message + hint)).size).toBe(1);
    expect(await audited()).toEqual(before);
    const request = good();
    await joining.join(request, ADDRESS);
    await expect(joining.join(request, ADDRESS)).rejects.toEqual(refusal('ticket_unknown'));
  });

  it('hears it of a server without a roster too', async () => {
    const ticket = await newTicket();
    const alone = new Joining({ ...partsWithoutRoster(), keyring: null, trust: null });
    await expect(join(new Machine('new'), ticket, alone)).rejects.toEqual(refusal('ticket_unknown'));
  });
});

function partsWithoutRoster() {
  return { clock: small.time, log, audit: auditOf(), joinValues: () => ({}), onMisuse: () => undefined };
}
