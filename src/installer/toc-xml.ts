/** The text of a xar's table of contents, in the order and with the fields that Apple's own tools write. */
import { encodeBase64 } from '../base/bytes.ts';
import type { ArchiveSigner, Encoding, FileMember, Member, MemberChecksum } from './archive.ts';
import { escapeXml } from './xml.ts';

/** What the heap begins with, before the first member. */
export interface Reserve {
  readonly checksumBytes: number;
  readonly signer: ArchiveSigner | null;
}

const ENCODINGS: Readonly<Record<Encoding, string>> = {
  stored: 'application/octet-stream',
  zlib: 'application/x-gzip',
};
/** Columns at which Apple folds a certificate. */
const BASE64_COLUMNS = 72;

export function tocXml(members: readonly Member[], epoch: number, reserve: Reserve): string {
  const { signer, checksumBytes } = reserve;
  const writer = new MemberWriter(epoch, checksumBytes + (signer ? signer.rsaBytes + signer.cmsBytes : 0));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<xar>',
    ' <toc>',
    `  <creation-time>${timeOf(epoch)}</creation-time>`,
    `  <checksum style="sha1"><offset>0</offset><size>${checksumBytes}</size></checksum>`,
    ...(signer ? signatureLines(signer, checksumBytes) : []),
    ...members.flatMap((member) => writer.lines(member)),
    ' </toc>',
    '</xar>',
    '',
  ].join('\n');
}

function signatureLines({ chain, rsaBytes, cmsBytes }: ArchiveSigner, offset: number): string[] {
  const certificates = chain.map((der) => `<X509Certificate>${folded(der)}</X509Certificate>`);
  const keyInfo = [
    ' <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>',
    ...certificates,
    ' </X509Data></KeyInfo>',
  ];
  const element = (name: string, style: string, at: number, size: number) => [
    `<${name} style="${style}"><offset>${at}</offset><size>${size}</size>`,
    ...keyInfo,
    `</${name}>`,
  ];
  return [
    ...element('signature', 'RSA', offset, rsaBytes),
    ...element('x-signature', 'CMS', offset + rsaBytes, cmsBytes),
  ].map((line) => `  ${line}`);
}

function folded(der: Uint8Array): string {
  return (encodeBase64(der).match(new RegExp(`.{1,${BASE64_COLUMNS}}`, 'g')) ?? []).join('\n');
}

/** Numbers the members depth first, a folder before what is in it, and gives each the place behind the one before. */
class MemberWriter {
  readonly #time: string;
  #id = 0;
  #offset: number;

  constructor(epoch: number, offset: number) {
    this.#time = timeOf(epoch);
    this.#offset = offset;
  }

  lines(member: Member): string[] {
    this.#id += 1;
    const id = this.#id;
    return [
      `<file id="${id}">`,
      ...(member.type === 'file' ? this.#dataLines(member) : []),
      ...['ctime', 'mtime', 'atime'].map((name) => ` <${name}>${this.#time}Z</${name}>`),
      ' <group>wheel</group><gid>0</gid><user>root</user><uid>0</uid>',
      ` <mode>${member.mode.toString(8).padStart(4, '0')}</mode><deviceno>0</deviceno><inode>${id}</inode>`,
      ` <type>${member.type}</type><name>${escapeXml(member.name)}</name>`,
      ...(member.type === 'directory' ? member.members.flatMap((inner) => this.lines(inner)) : []),
      '</file>',
    ].map((line) => `  ${line}`);
  }

  #dataLines({ encoding, stored, size, archived, extracted }: FileMember): string[] {
    const offset = this.#offset;
    this.#offset += stored.size;
    return [
      ' <data>',
      `  <length>${stored.size}</length><offset>${offset}</offset><size>${size}</size>`,
      `  <encoding style="${ENCODINGS[encoding]}"/>`,
      `  ${checksum('extracted-checksum', extracted)}`,
      `  ${checksum('archived-checksum', archived)}`,
      ' </data>',
    ];
  }
}

function checksum(name: string, { style, digest }: MemberChecksum): string {
  return `<${name} style="${style}">${digest}</${name}>`;
}

/** Without a zone, as the creation time has it; the members' times have a `Z` behind. */
function timeOf(epoch: number): string {
  return new Date(epoch * 1000).toISOString().slice(0, 19);
}
