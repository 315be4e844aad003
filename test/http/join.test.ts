/** What the door says to joiners: who proves a ticket is told what became of it, and nobody else is told anything. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import { type JoinClaim, proveTicket, signClaim } from '../../src/protocol/join-claim.ts';
import { readTicket, type Ticket } from '../../src/protocol/ticket.ts';
import { LiveCluster, type LiveServer } from '../scenario/live-cluster.ts';

let cluster: LiveCluster;
let server: LiveServer;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 1, values: { 'server.tls': 'own' } });
  server = cluster.servers[0] as LiveServer;
});

afterAll(() => cluster?.stop());

const TICKETS = '/api/fleet/cluster/tickets';
const JOIN = '/api/fleet/cluster/join';

function send(path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return server.client.ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function newTicket(body: object = {}): Promise<Ticket> {
  const answer = await send(TICKETS, body);
  const made = (await answer.json()) as { ticket: string; id: string; servers: string[] };
  expect([answer.status, made.servers[0]]).toEqual([201, server.url]);
  const reading = readTicket(made.ticket);
  if (!reading.ok) throw new Error(reading.reason);
  return reading.ticket;
}

/** A request by keys that nobody had before. */
async function requestFor(ticket: Ticket, name: string) {
  const signing = generateKeyPairSync('ed25519').privateKey;
  const sealing = generateKeyPairSync('x25519').privateKey;
  const member = {
    node_id: name,
    identity_key: publicKeyText(signing),
    sealing_key: publicKeyText(sealing),
  };
  const { nonce } = (await (await send(`${JOIN}/challenge`, {})).json()) as { nonce: string };
  const claim: JoinClaim = { clusterId: ticket.clusterId, ticketId: ticket.id, member, nonce };
  return {
    ticket: ticket.id,
    member,
    nonce,
    proof: proveTicket(ticket, claim),
    signature: signClaim(claim, signing),
  };
}

const saidTo = async (body: unknown) => {
  const answer = await send(JOIN, body);
  const { code, detail, hint } = (await answer.json()) as Record<string, string>;
  return { status: answer.status, code, said: `${detail} ${hint}` };
};

it('the holder of a ticket is told that it was used, or revoked, or who may not come', async () => {
  const used = await newTicket();
  expect((await send(JOIN, await requestFor(used, 'new-01'))).status).toBe(200);
  expect(await saidTo(await requestFor(used, 'new-02'))).toMatchObject({ status: 409, code: 'ticket_used' });
  const revoked = await newTicket({ life_seconds: 60 });
  expect((await server.client.ask(`${TICKETS}/${revoked.id}`, { method: 'DELETE' })).status).toBe(204);
  expect(await saidTo(await requestFor(revoked, 'new-02'))).toMatchObject({
    status: 410,
    code: 'ticket_revoked',
  });
  const open = await newTicket();
  expect(await saidTo(await requestFor(open, 'new-01'))).toMatchObject({ status: 409, code: 'join_refused' });
});

it('who holds none hears the same, whether there is such a ticket or not', async () => {
  const ticket = await newTicket();
  const good = await requestFor(ticket, 'new-03');
  const unproved = await saidTo({ ...good, proof: good.signature });
  expect(unproved).toMatchObject({ status: 403, code: 'ticket_unknown' });
  expect(await saidTo({ ...good, ticket: '0011223344556677' })).toEqual(unproved);
  expect(await saidTo({ ...good, nonce: Buffer.alloc(32).toString('base64') })).toEqual(unproved);
});

it.each([
  ['no member', { member: undefined }],
  ['a name that is none', { member: { node_id: '../x', identity_key: '', sealing_key: '' } }],
  ['a proof of another length', { proof: 'AAAA' }],
  ['more than is asked', { mood: 'good' }],
])('a request with %s is none', async (_, change) => {
  const good = await requestFor(await newTicket(), 'new-04');
  expect(await saidTo({ ...good, ...change })).toMatchObject({ status: 400, code: 'bad_request' });
});

it.each([59, 2_592_001, 1.5, '60'])('no ticket is good for %s seconds', async (life) => {
  expect((await send(TICKETS, { life_seconds: life })).status).toBe(400);
});
