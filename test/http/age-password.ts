import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { hashOf } from '../../src/services/people/token-hash.ts';
import { openSqliteStores } from '../../src/store/sql/sqlite-stores.ts';
import type { LiveCluster } from '../scenario/live-cluster.ts';

/** As if the password of this session had been given at the beginning of time. */
export async function agePassword(
  { databasePath: path, databaseKey: key }: LiveCluster,
  cookieValue: string,
): Promise<void> {
  const stores = await openSqliteStores({ path, key, clock: systemClock, log: silentLog });
  await stores.accounts.confirmSession(hashOf(cookieValue), 0);
  await stores.close();
}
