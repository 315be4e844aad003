process.stderr.write('error: there are no faults yet\n');
process.exit(1);
