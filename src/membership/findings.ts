/** All that a cluster can complain of, from what everything else hangs on to what is only worth knowing. */
import { DISABLED_MEND, DISABLED_WARNING } from '../protocol/security-level.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import type { Finding } from './finding.ts';
import { members, refusals, twins } from './member-findings.ts';
import { clock, ownSlot, registry } from './registry-findings.ts';
import { rosterFindings } from './roster-trouble.ts';

export function findingsOf(facts: ClusterFacts): Finding[] {
  // Who was evicted cannot verify the others: what it sees of them says nothing.
  if (facts.roster?.standing === 'evicted') return [...database(facts), ...roster(facts)];
  return [
    ...authentication(facts),
    ...database(facts),
    ...otherDatabases(facts),
    ...registry(facts),
    ...ownSlot(facts),
    ...clock(facts),
    ...roster(facts),
    ...twins(facts),
    ...members(facts),
    ...refusals(facts),
  ];
}

function authentication(facts: ClusterFacts): Finding[] {
  if (facts.authenticated || !facts.clustered) return [];
  return [
    {
      code: 'authentication_off',
      severity: 'critical',
      sentence: DISABLED_WARNING,
      mend: `${DISABLED_MEND}.`,
    },
  ];
}

function database({ databaseOutage, selfNodeId, clustered }: ClusterFacts): Finding[] {
  if (databaseOutage === null) return [];
  const { reason, sinceMs } = databaseOutage;
  const meanwhile = clustered
    ? 'agents are sent to the other servers, or keep their reports'
    : 'agents keep their reports';
  return [
    {
      code: 'database_unavailable',
      severity: 'critical',
      sentence: `${selfNodeId} cannot write its database since ${new Date(sinceMs).toISOString()} (${reason}); ${meanwhile}.`,
      mend: 'Bring the database back; this server goes on by itself, and nothing that was acknowledged is lost.',
    },
  ];
}

/** Reports, machines, logins: half of them here and half of them there, and every page shows its own half. */
function otherDatabases({ members, selfNodeId }: ClusterFacts): Finding[] {
  const own = members.find(({ nodeId }) => nodeId === selfNodeId)?.databaseId;
  const apart = members.filter(({ databaseId }) => databaseId !== null && databaseId !== own);
  if (own == null || apart.length === 0) return [];
  return [
    {
      code: 'database_split',
      severity: 'critical',
      sentence: `${apart.map(({ nodeId }) => nodeId).join(', ')} and ${selfNodeId} do not keep their data in the same database: each shows only the reports and users of its own.`,
      mend: 'Give all servers the same database.url (on one machine: the same SQLite file) and db_encryption_key, and restart them.',
    },
  ];
}

function roster({ roster: state }: ClusterFacts): Finding[] {
  return state === null ? [] : rosterFindings(state);
}
