process.stderr.write('error: there are no benchmarks yet\n');
process.exit(1);
