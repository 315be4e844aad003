/** Tickets as text: one spelling, found damaged at once, and never printed by accident. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText, type JsonObject } from '../../src/protocol/canonical-json.ts';
import { makeTicket, readTicket, type Ticket, type TicketDraft } from '../../src/protocol/ticket.ts';

const SPKI = Buffer.alloc(32, 3).toString('base64');
const DRAFT: TicketDraft = {
  clusterId: '00112233445566778899aabbccddeeff',
  servers: [
    { url: 'https://server-01.example.org:8768', spki_sha256: SPKI },
    { url: 'https://[2001:db8::7]', spki_sha256: SPKI },
  ],
  epoch: 12,
  hash: 'ab'.repeat(32),
};
const HEAD = 'atlas-fleet-ticket.v1.';

const textOf = (draft: TicketDraft = DRAFT) => makeTicket(draft).text.revealText();
const contentOf = (text: string) =>
  JSON.parse(Buffer.from(text.slice(HEAD.length), 'base64url').toString()) as JsonObject;
const textWith = (content: string) => HEAD + Buffer.from(content).toString('base64url');
const changed = (change: JsonObject) => textWith(canonicalText({ ...contentOf(textOf()), ...change }));

function read(text: string): Ticket {
  const reading = readTicket(text);
  return reading.ok ? reading.ticket : expect.fail(reading.reason);
}

describe('a ticket', () => {
  it('is read back as it was made', () => {
    const { text, id } = makeTicket(DRAFT);
    const ticket = read(text.revealText());
    expect(ticket).toMatchObject({ ...DRAFT, id });
    expect(ticket.secret.reveal()).toHaveLength(32);
    expect(readTicket(text)).toMatchObject({ ok: true, ticket: { id } });
  });

  it('is another one each time, with another key', () => {
    const [one, other] = [makeTicket(DRAFT), makeTicket(DRAFT)];
    expect(one.id).not.toBe(other.id);
    expect(one.key).not.toBe(other.key);
  });

  it('is not printed by accident, made or read', () => {
    const made = makeTicket(DRAFT);
    const shown = [made, read(made.text.revealText())].map((each) => JSON.stringify(each) + inspect(each));
    const { secret } = contentOf(made.text.revealText());
    for (const text of shown) {
      expect(text).not.toContain(HEAD);
      expect(text).not.toContain(String(secret));
      expect(text).toContain('[secret]');
    }
  });

  it('is refused with any one character changed, dropped or doubled', () => {
    const text = textOf();
    for (let i = 0; i < text.length; i += 1) {
      const [before, it, after] = [text.slice(0, i), text.charAt(i), text.slice(i + 1)];
      const other = it === 'A' ? 'B' : 'A';
      for (const damage of [
        other,
        '',
        it + it,
        it.toUpperCase() === it ? it.toLowerCase() : it.toUpperCase(),
      ])
        if (damage !== it) expect(readTicket(before + damage + after), `${i}`).toMatchObject({ ok: false });
    }
  });

  it('comes back from any draft that is one, and from no other', () => {
    const server = fc.record({
      url: fc.domain().map((name) => new URL(`https://${name}`).origin),
      spki_sha256: base64Of(32),
    });
    const draft = fc.record({
      clusterId: hexOf(16),
      servers: fc.array(server, { minLength: 1, maxLength: 16 }),
      epoch: fc.nat(),
      hash: hexOf(32),
    });
    fc.assert(
      fc.property(draft, (each) => {
        expect(read(textOf(each))).toMatchObject(each);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readTicket(text)).toMatchObject({ ok: false });
        expect(readTicket(HEAD + text)).toMatchObject({ ok: false });
      }),
    );
  });

  it('with sixteen servers of long names is not too long', () => {
    const url = `https://${'a'.repeat(60)}.${'b'.repeat(60)}.example.org:65535`;
    const servers = Array.from({ length: 16 }, () => ({ url, spki_sha256: SPKI }));
    expect(read(textOf({ ...DRAFT, servers })).servers).toHaveLength(16);
  });
});

describe('what is no ticket is told apart in words', () => {
  const content = () => JSON.stringify(contentOf(textOf()));

  it.each<[string, string, RegExp]>([
    ['nothing', '', /^It is not a join ticket: those begin with atlas-fleet-ticket\.v1$/],
    ['an API token', 'atl_0123456789abcdef', /^It is not a join ticket/],
    ['a later version', textOf().replace('.v1.', '.v2.'), /^It is not of version v1, the only one/],
    ['no version', 'atlas-fleet-ticket.', /^It is not of version v1/],
    ['8193 characters', HEAD.padEnd(8193, 'A'), /^It is longer than 8192 characters$/],
    ['the head alone', HEAD, /not canonical JSON/],
    ['the head without its dot', HEAD.slice(0, -1), /not base64url/],
    ['padding', `${textOf()}=`, /not base64url/],
    ['a space behind it', `${textOf()} `, /not base64url/],
    ['a fourth part', `${textOf()}.`, /not base64url/],
    ['another spelling of the same', textWith(` ${content()}`), /not canonical JSON/],
    ['a field more', changed({ note: 'x' }), /not the fields of a ticket/],
    ['another name for the id', changed({ id: '0123456789abcdef' }), /its check sum is wrong/],
    ['a server more', changed({ servers: [...DRAFT.servers, ...DRAFT.servers] }), /its check sum is wrong/],
  ])('%s', (_, text, reason) => {
    expect(readTicket(text)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });
});

describe('no ticket is made', () => {
  const [server] = DRAFT.servers;
  const withUrl = (url: string) => ({ ...DRAFT, servers: [{ url, spki_sha256: SPKI }] });

  it.each<[string, TicketDraft]>([
    ['without a server', { ...DRAFT, servers: [] }],
    ['with seventeen', { ...DRAFT, servers: Array.from({ length: 17 }, () => server ?? expect.fail()) }],
    ['without a pin', { ...DRAFT, servers: [{ url: 'https://a.example', spki_sha256: '' }] }],
    ['over HTTP', withUrl('http://a.example')],
    ['to a path', withUrl('https://a.example/join')],
    ['to an address with a slash behind it', withUrl('https://a.example/')],
    ['with a user in the address', withUrl('https://me@a.example')],
    ['to the default port by name', withUrl('https://a.example:443')],
    ['to an upper-case host', withUrl('https://A.example')],
    ['to no address', withUrl('a.example:8768')],
    ['for another cluster id', { ...DRAFT, clusterId: 'AB'.repeat(16) }],
    ['with a negative epoch', { ...DRAFT, epoch: -1 }],
    ['with a short hash', { ...DRAFT, hash: 'ab'.repeat(31) }],
  ])('%s', (_, draft) => {
    expect(() => makeTicket(draft)).toThrow(
      new TypeError('The ticket is damaged (not the fields of a ticket): copy it again, whole'),
    );
  });
});

function hexOf(bytes: number) {
  return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((all) => Buffer.from(all).toString('hex'));
}

function base64Of(bytes: number) {
  return fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((all) => Buffer.from(all).toString('base64'));
}
