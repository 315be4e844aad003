/** Prints the SHA-256 of a package that is always of the same plan: started in other surroundings, it prints the same. */
import { createHash } from 'node:crypto';
import { assemblePackage } from '../../src/installer/flat-package.ts';
import { bytesOf, serverPlan } from './plans.ts';

const bytes = await bytesOf(await assemblePackage(await serverPlan()));
process.stdout.write(createHash('sha256').update(bytes).digest('hex'));
