/** A program of a few small files for each kind and architecture: what is packed, without what would be downloaded. */
import { AtlasError } from '../../src/base/errors.ts';
import { sourceOfBytes } from '../../src/installer/byte-source.ts';
import type { Architecture, Lack, Program, ProgramFile, ProgramKind } from '../../src/installer/program.ts';
import type { Segment } from '../../src/installer/segment.ts';
import { makeSegment } from './segment.ts';

export class FakeProgram implements Program {
  readonly version = '0.1.0';
  readonly node = '26.10.0';
  readonly epoch = 1_700_000_000;
  readonly minMacos = '13.5';
  /** Set it, and no package can be built. */
  missing: Lack | null = null;

  async files(kind: ProgramKind, architecture: Architecture): Promise<readonly ProgramFile[]> {
    if (this.missing) {
      throw new AtlasError('runtime_missing', this.missing.what, { hint: this.missing.mend });
    }
    const facts = JSON.stringify({ version: this.version, node: this.node, kind });
    return [
      { path: 'bin/node', mode: 0o755, content: await runtime(architecture) },
      { path: 'app/main.js', mode: 0o644, content: [await segment(`// the program of ${kind}\n`)] },
      { path: 'app/program.json', mode: 0o644, content: [Buffer.from(`${facts}\n`)] },
      { path: 'LICENSES/node.txt', mode: 0o644, content: [Buffer.from('As is.\n')] },
    ];
  }

  async lack(): Promise<Lack | null> {
    return this.missing;
  }
}

/** As the real one is made: prepared slices, and for both of them a head and room between them. */
async function runtime(architecture: Architecture): Promise<readonly (Uint8Array | Segment)[]> {
  const arm64 = await segment('arm64 '.repeat(20_000));
  const x64 = await segment('x86_64 '.repeat(20_000));
  if (architecture === 'universal') return [Buffer.alloc(64, 1), x64, Buffer.alloc(96), arm64];
  return [architecture === 'arm64' ? arm64 : x64];
}

function segment(text: string): Promise<Segment> {
  return makeSegment(sourceOfBytes(Buffer.from(text)));
}
