/**
 * Each refusal in plain words, with the next step, for people who are not cryptographers. A wrong clock is
 * never called an attack, and "not mine", "too old" and "tampered" never sound the same.
 */
import type { RefusalCode } from '../protocol/refusal.ts';
import type { RefusedRecord } from './refusal-ledger.ts';
import { APART } from './twin-findings.ts';

type Words = (refused: Omit<RefusedRecord, 'code'>, isAboutUs: boolean) => string;

const WORDS: Readonly<Record<RefusalCode, Words>> = {
  too_large: ({ slot }) =>
    `${slot} holds more than a record can have. No server of ours writes that; see who else can write to the registry.`,
  malformed: ({ slot, reason }) =>
    `${slot} does not hold a record (${reason}). No server of ours writes that; see who else can write to the registry.`,
  not_canonical: ({ slot }) =>
    `${slot} holds a record in a spelling that no server writes. It was edited or written by another program; see who else can write to the registry.`,
  unsupported_version: ({ nodeId }) =>
    `${nodeId} speaks another version of the protocol. Update the older server.`,
  wrong_cluster: ({ nodeId }) =>
    `${nodeId} belongs to another cluster that shares this registry. Give each cluster a registry of its own.`,
  missing_signature: ({ nodeId }) =>
    `A record of "${nodeId}" is not signed. Somebody without the cluster secret wrote it, or that server runs without cluster_secret; compare its config.yaml.`,
  missing_timestamp: ({ nodeId }) =>
    `A record of "${nodeId}" has no time. No server of ours writes that; see who else can write to the registry.`,
  unknown_key: ({ nodeId }) =>
    `${nodeId} signs with another cluster secret. If it is yours, give it the cluster_secret of the others; otherwise see who can write to the registry.`,
  retired_key: ({ nodeId }) =>
    `${nodeId} signs with a cluster secret that was retired. If it is yours, it missed the rotation; otherwise somebody holds an old secret.`,
  invalid_signature: ({ nodeId }) =>
    `A record of "${nodeId}" was changed after it was signed. Somebody can write to the registry and does not have the secret; see who has access.`,
  wrong_type: ({ slot }) =>
    `${slot} holds a record of the other type. Somebody moved it there; see who can write to the registry.`,
  wrong_slot: ({ nodeId, slot }) =>
    `${slot} holds a record of ${nodeId}. Somebody copied it there; see who can write to the registry.`,
  evicted: ({ nodeId }) =>
    `${nodeId} was evicted and still tries. Switch it off, or readmit it with a new key.`,
  not_member: ({ nodeId, reason }) =>
    `${nodeId} is not believed: ${reason.toLowerCase()}. If it is yours, look at its log, which says what it waits for.`,
  bad_node_signature: ({ nodeId }, isAboutUs) =>
    // Whoever reads it here must not remove the very server that tells it.
    isAboutUs
      ? `Another server with a key of its own speaks as ${nodeId}, which is this server. Stop that one: if it is yours, give it a name of its own; otherwise somebody else holds the cluster secret.`
      : `A record of ${nodeId} is signed by another server's key. If ${nodeId} was installed anew, stop it, run atlas-fleet cluster remove ${nodeId} here, and start it again; otherwise somebody else holds the cluster secret and speaks for it.`,
  timestamp_future: ({ nodeId, reason }) =>
    `The clock of ${nodeId} is ahead: ${reason}. This is not an attack; set the clock there (or here).`,
  timestamp_old: ({ nodeId, reason }) =>
    `The last record of ${nodeId} is old: ${reason}. It stopped, its clock is behind, its records are held back, or an old copy was put back. If it should run, start it and compare the clocks.`,
  replayed: ({ nodeId }) =>
    `An old record of ${nodeId} lies in the registry, from before this server started or before a newer one it has seen. Somebody put a copy back, or ${nodeId} stopped meanwhile; if it should run, start it.`,
  clone: ({ nodeId }) =>
    `Two servers speak as ${nodeId}. Its folder was copied, or a restored machine runs beside the first; stop one. If that one is to be a server too: ${APART}.`,
};

/** `self`: the id of the server that says it; `isEvicted`: of that one. */
export function refusalSentence(refused: RefusedRecord, self: string, isEvicted = false): string {
  // It knows no more who belongs to the cluster: advice about the others would be advice against them.
  if (isEvicted)
    return `A record of "${refused.nodeId}" was refused, as is to be expected: ${self}, which says so, was evicted.`;
  return WORDS[refused.code](refused, refused.nodeId === self);
}

/** Codes that a healthy cluster without an intruder also sees. */
const INNOCENT: ReadonlySet<RefusalCode> = new Set([
  'timestamp_future',
  'timestamp_old',
  'replayed',
  'not_member',
]);

export function isSuspicious(code: RefusalCode): boolean {
  return !INNOCENT.has(code);
}
