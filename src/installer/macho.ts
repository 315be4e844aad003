/**
 * Apple's executables: one machine's (Mach-O), or several in one file (fat). Reads what a package must know of one (for
 * which machine, from which macOS on, signed by whom), proves that its bytes are the signed ones, and puts two into one
 * file with not a byte of either changed, so that both signatures stay good. Layout: Apple's <mach-o/loader.h>, <mach-o/fat.h>.
 */
import { CHUNK_BYTES, type RandomSource } from './byte-source.ts';
import { type CodeSignature, checkCodeSignature, refused } from './code-signature.ts';
import type { Architecture } from './program.ts';

export const MACHINES = ['arm64', 'x64'] as const satisfies readonly Architecture[];
export type Machine = (typeof MACHINES)[number];

export function machinesOf(architecture: Architecture): readonly Machine[] {
  return architecture === 'universal' ? MACHINES : [architecture];
}

export interface MachO {
  readonly machine: Machine;
  /** As in `13.5`. */
  readonly minMacos: string;
  /** Of x64 alone it may be missing: Apple silicon runs nothing unsigned. */
  readonly signature: CodeSignature | null;
}

const THIN = { magic: 0xfeedfacf, headerBytes: 32, executable: 2 } as const;
const FAT = { magic: 0xcafebabe, headerBytes: 8, entryBytes: 20, entriesMax: 8 } as const;
/** Bytes. Arbitrary: those of Node have some 3 KiB. */
const COMMANDS_MAX_BYTES = 65_536;
const COMMANDS = { codeSignature: 0x1d, versionMin: 0x24, buildVersion: 0x32 } as const;
const PLATFORM_MACOS = 1;

/** How `lipo` lays them: by the size of a page of the machine (as a power of two). */
const SLICES = [
  { machine: 'x64', cpuType: 0x01000007, cpuSubtype: 3, align: 12 },
  { machine: 'arm64', cpuType: 0x0100000c, cpuSubtype: 0, align: 14 },
] as const;

/** Whether the file can be one of these at all, by its first bytes. */
export async function looksLikeMachO(source: RandomSource): Promise<boolean> {
  const head = viewOf(await source.slice(0, 4));
  if (head.byteLength < 4) return false;
  return head.getUint32(0, true) === THIN.magic || head.getUint32(0) === FAT.magic;
}

/** Each machine's part of the file, or the file itself. Rejects with runtime_refused. */
export async function slicesOf(source: RandomSource): Promise<RandomSource[]> {
  const head = viewOf(await source.slice(0, FAT.headerBytes + FAT.entriesMax * FAT.entryBytes));
  if (head.byteLength < FAT.headerBytes || head.getUint32(0) !== FAT.magic) return [source];
  const count = head.getUint32(4);
  if (count === 0 || count > FAT.entriesMax) throw refused(`it says that it holds ${count} programs`);
  return Array.from({ length: count }, (_, index) => {
    const at = FAT.headerBytes + index * FAT.entryBytes;
    const [offset, size] = [head.getUint32(at + 8), head.getUint32(at + 12)];
    if (offset + size > source.size) throw refused('it ends too early');
    return partOf(source, offset, size);
  });
}

/** Rejects with runtime_refused where it is an executable for neither. */
export async function machineOf(source: RandomSource): Promise<Machine> {
  return readHead(await source.slice(0, THIN.headerBytes)).machine;
}

/** Reads one machine's executable and recomputes the digest of each of its pages. Rejects with runtime_refused. */
export async function checkMachO(source: RandomSource): Promise<MachO> {
  const { machine, ...head } = readHead(await source.slice(0, THIN.headerBytes));
  const commands = readCommands(await source.slice(THIN.headerBytes, head.commandsSize), head.commandCount);
  const place = commands.codeSignature;
  const signature = place === undefined ? null : await checkCodeSignature(source, place);
  if (signature === null && machine === 'arm64')
    throw refused('it is not signed, and Apple silicon starts nothing unsigned');
  if (commands.minMacos === undefined) throw refused('it does not say which macOS it needs');
  return { machine, minMacos: commands.minMacos, signature };
}

interface Commands {
  minMacos?: string;
  codeSignature?: { readonly offset: number; readonly size: number };
}

function readHead(bytes: Uint8Array) {
  const head = viewOf(bytes);
  if (head.byteLength < THIN.headerBytes || head.getUint32(0, true) !== THIN.magic)
    throw refused('it is no executable of macOS');
  const machine = SLICES.find(({ cpuType }) => cpuType === head.getUint32(4, true))?.machine;
  if (machine === undefined) throw refused('it is for neither Apple silicon nor Intel');
  if (head.getUint32(12, true) !== THIN.executable) throw refused('it is no program that can be started');
  const [commandCount, commandsSize] = [head.getUint32(16, true), head.getUint32(20, true)];
  if (commandsSize > COMMANDS_MAX_BYTES) throw refused('its header is too large');
  return { machine, commandCount, commandsSize };
}

function readCommands(bytes: Uint8Array, count: number): Commands {
  const commands = viewOf(bytes);
  const found: Commands = {};
  for (let [left, at] = [count, 0]; left > 0; left--) {
    if (at + 8 > bytes.length) throw refused('its header ends too early');
    const length = commands.getUint32(at + 4, true);
    if (length < 8 || at + length > bytes.length) throw refused('its header ends too early');
    readCommand(viewOf(bytes.subarray(at, at + length)), found);
    at += length;
  }
  return found;
}

function readCommand(command: DataView, found: Commands): void {
  if (command.byteLength < 16) return;
  const [first, second] = [command.getUint32(8, true), command.getUint32(12, true)];
  switch (command.getUint32(0, true)) {
    case COMMANDS.codeSignature:
      found.codeSignature = { offset: first, size: second };
      break;
    case COMMANDS.versionMin:
      found.minMacos = versionText(first);
      break;
    case COMMANDS.buildVersion:
      if (first !== PLATFORM_MACOS) throw refused('it is for another system than macOS');
      found.minMacos = versionText(second);
      break;
  }
}

/** 16 bits, 8 and 8; the last only where it says something. */
function versionText(packed: number): string {
  const parts = [packed >>> 16, (packed >>> 8) & 0xff, packed & 0xff];
  return (parts[2] === 0 ? parts.slice(0, 2) : parts).join('.');
}

/** What stands before each slice of a file for both machines, in order: header and padding, never a byte of a slice. */
export function universalLayout(
  sizes: Readonly<Record<Machine, number>>,
): { readonly machine: Machine; readonly before: Uint8Array }[] {
  const header = new Uint8Array(FAT.headerBytes + SLICES.length * FAT.entryBytes);
  const view = viewOf(header);
  view.setUint32(0, FAT.magic);
  view.setUint32(4, SLICES.length);
  let [at, end] = [FAT.headerBytes, header.length];
  const paddings = SLICES.map(({ machine, cpuType, cpuSubtype, align }) => {
    const offset = Math.ceil(end / 2 ** align) * 2 ** align;
    const padding = new Uint8Array(offset - end);
    for (const field of [cpuType, cpuSubtype, offset, sizes[machine], align]) {
      view.setUint32(at, field);
      at += 4;
    }
    end = offset + sizes[machine];
    return { machine, before: padding };
  });
  if (end > 0xffffffff) throw refused('both together are too large for one file');
  return paddings.map(({ machine, before }, index) => ({
    machine,
    before: index === 0 ? Buffer.concat([header, before]) : before,
  }));
}

function partOf(source: RandomSource, start: number, size: number): RandomSource {
  const slice = (offset: number, length: number) =>
    source.slice(start + offset, Math.max(0, Math.min(length, size - offset)));
  return {
    size,
    slice,
    read: async function* () {
      for (let at = 0; at < size; at += CHUNK_BYTES) yield await slice(at, CHUNK_BYTES);
    },
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
