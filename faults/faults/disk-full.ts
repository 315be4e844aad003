/**
 * The disk under the database is full for a minute: nothing is acknowledged that is not stored, agents spool, and
 * with room all goes on by itself.
 */
import type { Fault } from '../fault.ts';
import { ordeal } from '../ordeal.ts';
import { finding } from '../signs.ts';
import { noSmallDisk, type SmallDisk } from '../small-disk.ts';

export const diskFull = (disk: () => SmallDisk): Fault =>
  ordeal({
    name: 'disk full',
    about: 'the disk that holds the SQLite database of all servers is full for a minute',
    stand: 'disk',
    minutes: ({ minuteMs }) => minuteMs / 60_000 + 1.5,
    skip: noSmallDisk,
    lasts: ({ minuteMs }) => minuteMs,
    spools: true,
    strike: async (stand) => {
      disk().fill();
      return {
        told: {
          since: 'strike',
          sign: {
            by: stand.servers,
            event: 'store.not_writable',
            words: /"node_id":"[^"]+".*"reason":"[^"]*(full|space)/i,
            health: finding('database_unavailable', /full|space/i),
          },
        },
        heal: async () => disk().free(),
      };
    },
  });
