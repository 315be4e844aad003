/**
 * The version of the protocol, and the words before all that is signed, hashed or derived under it: what was made for
 * one purpose, or one version, is worth nothing for another (domain separation).
 */
export const SECURITY_VERSION = '2.0';

type Purpose = 'record' | 'roster-step' | 'roster-proof' | 'envelope' | 'ticket' | 'join';

/** Before the bytes that are signed or hashed. */
export const signingPrefix = (purpose: Purpose): string => `atlas-fleet/${purpose}/${SECURITY_VERSION}\n`;

/** The `info` of HKDF (RFC 5869). */
export const derivationInfo = (purpose: string): string => `atlas-fleet/${SECURITY_VERSION}/${purpose}`;
