/** A segment in memory; what is too large for it is compressed into a file (program/segment-cache.ts). */
import { type ByteSource, joinSources, sourceOfBytes } from '../../src/installer/byte-source.ts';
import { compressSegment, type Segment } from '../../src/installer/segment.ts';

export async function makeSegment(source: ByteSource): Promise<Segment> {
  const runs: ByteSource[] = [];
  const facts = await compressSegment(source.read(), async (deflated) => {
    runs.push(sourceOfBytes(deflated));
  });
  return { ...facts, deflated: joinSources(runs) };
}
