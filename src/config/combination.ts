/**
 * What keys must hold together: each value may be right and the whole still wrong. Also what a role cannot run
 * without, and what is allowed but has to be said. Judged after all single values, and only among those that
 * are right themselves. A new rule is a function in rules/, named here.
 *
 * A file that is only good for joining is no whole yet: what all servers share comes with the join, and is judged then.
 */
import type { Role } from './config.ts';
import type { Problem } from './problem.ts';
import { judgeAgent } from './rules/agent.ts';
import { judgeCluster } from './rules/cluster.ts';
import { isUnjoined, judgeJoined } from './rules/joined.ts';
import { judgeNeeds } from './rules/needs.ts';
import { judgePackage } from './rules/package.ts';
import { judgeSecrets } from './rules/secrets.ts';
import { judgeServer } from './rules/server.ts';
import { judgeStorage } from './rules/storage.ts';
import { notUsedYet } from './rules/unused.ts';
import { isSound, type Whole } from './rules/whole.ts';

export function judgeWhole(whole: Whole, role: Role): Problem[] {
  const rules = [...rulesOf(whole, role), judgeAgent, judgeSecrets, notUsedYet];
  return rules.flatMap((rule) => [...rule(whole, role)]);
}

function rulesOf(whole: Whole, role: Role): readonly Rule[] {
  if (role === 'agent') return [judgeNeeds];
  if (isUnjoined(whole.values) && isSound(whole, 'cluster.cluster_secret'))
    return [judgeServer, judgeJoined, judgePackage];
  return [judgeServer, judgeCluster, judgeStorage, judgePackage, judgeNeeds];
}

type Rule = (whole: Whole, role: Role) => Iterable<Problem>;
