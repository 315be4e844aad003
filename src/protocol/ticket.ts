/**
 * A join ticket (docs/protocol/join.md): the text that lets one machine in, once. It says where to ask, under which
 * TLS keys, and which roster step the answer must descend from. The roster holds the public key that is derived from
 * its secret, so that neither a server nor a reader of the registry learns the secret, not even when it is redeemed
 * (docs/decisions/0008-ticket-keys.md). Life and use of a ticket are the roster's to say.
 */
import { createPrivateKey, hash, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { decodeHex, encodeBase64 } from '../base/bytes.ts';
import { Secret } from '../base/secret.ts';
import { canonicalText, type JsonObject, parseCanonical } from './canonical-json.ts';
import { bytes32, count, id128, sha256, ticketId } from './fields.ts';
import { publicKeyText, signAsNode } from './identity-key.ts';
import { TICKET_MAX_LENGTH, TICKET_SERVERS_MAX } from './limits.ts';
import { derivationInfo, signingPrefix } from './security-version.ts';

const NAME = 'atlas-fleet-ticket.';
const VERSION = 'v1';
const SECRET_BYTES = 32;
const ID_PREFIX = signingPrefix('ticket');
const ID_DIGITS = 16;
const KEY_INFO = derivationInfo('ticket');
/** RFC 8410, section 7: what stands before the 32 bytes of an Ed25519 seed in PKCS#8. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** `spki_sha256`: of the TLS key's SubjectPublicKeyInfo, base64. Without it anybody could answer. */
const server = z.strictObject({ url: z.string().refine(isHttpsOrigin), spki_sha256: bytes32 });

const body = z.strictObject({
  id: ticketId,
  secret: bytes32,
  cluster: id128,
  servers: z.array(server).min(1).max(TICKET_SERVERS_MAX),
  epoch: count,
  hash: sha256,
});

export type TicketServer = z.output<typeof server>;

export interface TicketDraft {
  readonly clusterId: string;
  readonly servers: readonly TicketServer[];
  /** The pin: a step of the roster, and SHA-256 of its bytes, hex. A joiner believes no chain without it. */
  readonly epoch: number;
  readonly hash: string;
}

export interface Ticket extends TicketDraft {
  /** 16 hex digits; also a check sum of all the rest. */
  readonly id: string;
  readonly secret: Secret;
}

export interface MadeTicket {
  /** To be shown once, to the person who asked for it. */
  readonly text: Secret;
  readonly id: string;
  /** For the roster: Ed25519, base64. */
  readonly key: string;
}

export type TicketReading =
  | { readonly ok: true; readonly ticket: Ticket }
  | { readonly ok: false; readonly reason: string };

/** Throws TypeError for a draft that would not be read back. */
export function makeTicket({ clusterId, servers, epoch, hash: pinned }: TicketDraft): MadeTicket {
  const secret = encodeBase64(randomBytes(SECRET_BYTES));
  const fields = { secret, cluster: clusterId, servers, epoch, hash: pinned };
  const content = canonicalText({ ...fields, id: idOf(fields) });
  const text = Secret.fromText(`${NAME}${VERSION}.${Buffer.from(content).toString('base64url')}`);
  const reading = readTicket(text);
  if (!reading.ok) throw new TypeError(reading.reason);
  return { text, id: reading.ticket.id, key: publicKeyText(ticketKey(reading.ticket)) };
}

/** size → version → base64url → canonical → shape → check sum. The reason is a sentence and quotes nothing. */
export function readTicket(given: Secret | string): TicketReading {
  const text = typeof given === 'string' ? given : given.revealText();
  if (text.length > TICKET_MAX_LENGTH) return bad(`It is longer than ${TICKET_MAX_LENGTH} characters`);
  if (!text.startsWith(NAME)) return bad(`It is not a join ticket: those begin with ${NAME}${VERSION}`);
  const [version, content, ...more] = text.slice(NAME.length).split('.');
  if (version !== VERSION) return bad(`It is not of version ${VERSION}, the only one this program reads`);
  const bytes = Buffer.from(content ?? '', 'base64url');
  if (more.length > 0 || bytes.toString('base64url') !== content) return damaged('not base64url');
  const parsed = parseCanonical(bytes);
  if (!parsed.ok) return damaged('not canonical JSON');
  const shaped = body.safeParse(parsed.value);
  if (!shaped.success) return damaged('not the fields of a ticket');
  const { id, ...fields } = shaped.data;
  if (id !== idOf(fields)) return damaged('its check sum is wrong');
  const { secret, cluster: clusterId, servers, epoch, hash: pinned } = fields;
  const ticket = { id, secret: new Secret(Buffer.from(secret, 'base64')), clusterId, servers, epoch };
  return { ok: true, ticket: { ...ticket, hash: pinned } };
}

/** Signs with the ticket's own key: what the roster knows a ticket by. */
export function signWithTicket(bytes: Uint8Array, ticket: Ticket): string {
  return signAsNode(bytes, ticketKey(ticket));
}

/** So that a character lost or swapped on the way is found here, and not by a server that knows no such ticket. */
function idOf(fields: JsonObject): string {
  return hash('sha256', ID_PREFIX + canonicalText(fields), 'hex').slice(0, ID_DIGITS);
}

function ticketKey({ secret, clusterId }: Ticket): KeyObject {
  const salt = decodeHex(clusterId) ?? Buffer.alloc(0);
  const seed = Buffer.from(hkdfSync('sha256', secret.reveal(), salt, KEY_INFO, SECRET_BYTES));
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
}

/** Scheme, host and port in their one spelling: no name or password, no path, no default port. */
function isHttpsOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.origin === text;
}

function bad(reason: string): TicketReading {
  return { ok: false, reason };
}

function damaged(what: string): TicketReading {
  return bad(`The ticket is damaged (${what}): copy it again, whole`);
}
