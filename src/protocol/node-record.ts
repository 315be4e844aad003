/**
 * The body of a node record: what rarely changes about a server. It counts only while a living heartbeat of
 * the same node names its hash, so an old one that is put back moves nothing.
 */
import { z } from 'zod';
import { bytes32, id128, sealingKey, time } from './fields.ts';
import type { VerifiedRecord } from './record.ts';

/** Characters of a host name (RFC 1035, 2.3.4) and of a version. */
const HOST_MAX_LENGTH = 253;
const VERSION_MAX_LENGTH = 64;

/** The address under which browsers and agents reach a server. */
export const serverAddress = z.object({
  host: z.string().min(1).max(HOST_MAX_LENGTH),
  port: z.number().int().min(1).max(65_535),
});

const body = serverAddress.extend({
  hostname: z.string().min(1).max(HOST_MAX_LENGTH),
  version: z.string().min(1).max(VERSION_MAX_LENGTH),
  started_at: time,
  /** Ed25519, 32 bytes, base64: what its records are signed with. */
  identity_key: bytes32,
  /** X25519, 32 bytes, base64: what secrets for it are sealed to. */
  sealing_key: sealingKey,
  /** SHA-256 of its TLS key's SPKI, base64; absent where it does not speak TLS with a key of its own. */
  tls_spki_sha256: bytes32.optional(),
  /** Of the database that it keeps the reports in: 16 random bytes, hex. Servers of one cluster share one. */
  database_id: id128.optional(),
});

export type ServerAddress = z.output<typeof serverAddress>;
export type NodeRecordBody = z.output<typeof body>;

/** Undefined when an authentic record does not have the body of a node record. */
export function parseNodeRecord(record: VerifiedRecord): NodeRecordBody | undefined {
  return record.type === 'node' ? body.safeParse(record.fields).data : undefined;
}
