/**
 * The table of contents of a xar as typed values. What we know is read strictly, what we do not know is passed over:
 * other tools write more of it. Format: docs/package-format.md.
 */
import { decodeBase64 } from '../base/bytes.ts';
import { Allowance } from './allowance.ts';
import type { MemberChecksum } from './archive.ts';
import { damaged, unreadable } from './package-fault.ts';
import {
  CERTIFICATE_MAX_BYTES,
  CERTIFICATES_MAX,
  MEMBERS_MAX,
  PATH_MAX_BYTES,
  SIGNATURE_MAX_BYTES,
} from './reading-limits.ts';
import { childOf, childrenOf, readXml, type XmlElement } from './xml-reader.ts';

/** Bytes, from the beginning of the heap. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

export interface MemberData extends Extent {
  /** Bytes after decoding. */
  readonly size: number;
  /** As in `application/octet-stream`. */
  readonly encoding: string;
  /** null where none is given. */
  readonly archived: MemberChecksum | null;
  readonly extracted: MemberChecksum | null;
}

export interface ReadFile {
  readonly type: 'file';
  /** With its folders, as in `fleet-server.pkg/Bom`. */
  readonly path: string;
  readonly mode: number;
  /** null for an empty file. */
  readonly data: MemberData | null;
}

export interface ReadFolder {
  readonly type: 'directory';
  readonly path: string;
  readonly mode: number;
  readonly members: readonly ReadMember[];
}

export type ReadMember = ReadFile | ReadFolder;

export interface TocSignature extends Extent {
  readonly kind: 'RSA' | 'CMS';
  /** DER, in the order in which they stand there. */
  readonly certificates: readonly Uint8Array[];
}

export interface Toc {
  /** Of the table's own compressed bytes. */
  readonly checksum: Extent & { readonly style: MemberChecksum['style'] };
  readonly signatures: readonly TocSignature[];
  readonly members: readonly ReadMember[];
  /** Unix seconds; 0 where none is given. */
  readonly epoch: number;
}

const STYLES: readonly string[] = ['sha1', 'sha256', 'sha512'];
const NUMBER = /^\d{1,15}$/;

export function readToc(xml: Uint8Array): Toc {
  const root = readXml(xml, 'The table of contents');
  const toc = childOf(root, 'toc');
  if (root.name !== 'xar' || toc === undefined) throw damaged('The table of contents is not one of xar.');
  const checksum = childOf(toc, 'checksum');
  if (checksum === undefined) throw damaged('The table of contents has no checksum.');
  return {
    checksum: { ...extentOf(checksum, 'size'), style: styleOf(checksum) },
    signatures: [...signaturesOf(toc, 'signature', 'RSA'), ...signaturesOf(toc, 'x-signature', 'CMS')],
    members: membersOf(toc, '', new Allowance(MEMBERS_MAX, 'files and folders in its archive')),
    epoch: epochOf(childOf(toc, 'creation-time')?.text),
  };
}

function membersOf(parent: XmlElement, folder: string, places: Allowance): ReadMember[] {
  const members = childrenOf(parent, 'file').map((element) => {
    places.spend(1);
    return memberOf(element, folder, places);
  });
  if (new Set(members.map(({ path }) => path)).size === members.length) return members;
  throw damaged('The table of contents names a member twice.');
}

function memberOf(element: XmlElement, folder: string, places: Allowance): ReadMember {
  const path = folder + nameOf(element);
  if (path.length > PATH_MAX_BYTES) throw damaged('A member of the archive has too long a name.');
  const type = textOf(element, 'type');
  const mode = Number.parseInt(/^[0-7]{1,6}$/.exec(textOf(element, 'mode'))?.[0] ?? '0', 8) & 0o7777;
  if (type === 'directory') return { type, path, mode, members: membersOf(element, `${path}/`, places) };
  if (type !== 'file') throw unreadable(`The member ${path} is a ${type || 'thing without a type'}.`);
  const data = childOf(element, 'data');
  return { type, path, mode, data: data === undefined ? null : dataOf(data) };
}

/** Apple's own tools sometimes repeat it; the last one counts. */
function nameOf(element: XmlElement): string {
  const name = childrenOf(element, 'name').at(-1);
  const text = name?.text ?? '';
  if (name?.attributes.has('enctype')) throw unreadable('A member has a name that is not text.');
  if (text === '' || text === '.' || text === '..' || /[/\p{Cc}]/u.test(text)) {
    throw damaged('A member of the archive has a name that leads elsewhere.');
  }
  return text;
}

function dataOf(element: XmlElement): MemberData {
  return {
    ...extentOf(element, 'length'),
    size: numberOf(element, 'size'),
    encoding: childOf(element, 'encoding')?.attributes.get('style') ?? 'application/octet-stream',
    archived: checksumOf(element, 'archived-checksum'),
    extracted: checksumOf(element, 'extracted-checksum'),
  };
}

function checksumOf(element: XmlElement, name: string): MemberChecksum | null {
  const checksum = childOf(element, name);
  if (checksum === undefined) return null;
  const digest = checksum.text.trim();
  if (!/^[0-9a-f]{40,128}$/.test(digest)) throw damaged(`The ${name} of a member is none.`);
  return { style: styleOf(checksum), digest };
}

function signaturesOf(toc: XmlElement, name: string, kind: TocSignature['kind']): TocSignature[] {
  const found = childrenOf(toc, name);
  if (found.length > 1) throw damaged(`The table of contents has more than one ${kind} signature.`);
  return found.map((element) => {
    const style = element.attributes.get('style');
    if (style !== kind) throw unreadable(`The archive is signed in a way that is not known: ${style}.`);
    const extent = extentOf(element, 'size');
    if (extent.length > SIGNATURE_MAX_BYTES) throw damaged(`The ${kind} signature is too long for one.`);
    return { kind, ...extent, certificates: certificatesOf(element) };
  });
}

function certificatesOf(signature: XmlElement): Uint8Array[] {
  const data = childOf(childOf(signature, 'KeyInfo'), 'X509Data');
  const found = childrenOf(data, 'X509Certificate');
  if (found.length > CERTIFICATES_MAX) throw damaged('A signature has too many certificates.');
  return found.map(({ text }) => {
    const der = decodeBase64(text.replace(/\s+/g, ''));
    if (der === undefined) throw damaged('A certificate in the table of contents is not base64.');
    if (der.length > CERTIFICATE_MAX_BYTES) throw damaged('A certificate is too long for one.');
    return der;
  });
}

function extentOf(element: XmlElement, length: 'length' | 'size'): Extent {
  return { offset: numberOf(element, 'offset'), length: numberOf(element, length) };
}

function numberOf(element: XmlElement, name: string): number {
  const text = textOf(element, name);
  if (NUMBER.test(text)) return Number(text);
  throw damaged(`The table of contents has a ${element.name} without a ${name}.`);
}

function styleOf({ attributes }: XmlElement): MemberChecksum['style'] {
  const style = (attributes.get('style') ?? '').toLowerCase();
  if (STYLES.includes(style)) return style as MemberChecksum['style'];
  throw unreadable('The archive has a checksum of a kind that is not known.');
}

function textOf(element: XmlElement, name: string): string {
  return childOf(element, name)?.text.trim() ?? '';
}

/** Both with and without a zone it is in UTC. */
function epochOf(text: string | undefined): number {
  const [time] = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(text?.trim() ?? '') ?? [];
  const milliseconds = time === undefined ? Number.NaN : Date.parse(`${time}Z`);
  return Number.isNaN(milliseconds) ? 0 : milliseconds / 1000;
}
