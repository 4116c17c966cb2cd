/** A worker in a process of its own, with a stand-in for the networks that takes its time. Arguments: database, folder of the files. */

import { completeConfig } from '../../src/config/config.ts';
import { openJobs } from '../../src/jobs/open-jobs.ts';
import { openStore } from '../../src/store/store.ts';

const [databaseUrl = '', jobFiles = ''] = process.argv.slice(2);
const store = await openStore({ dataDir: '', databaseUrl });
await openJobs({
  config: completeConfig({ jobFiles }),
  store,
  queue: {
    analyzeInBackground: async (bytes) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      process.stdout.write(`${bytes[0]}\n`);
      return { model: `worker ${process.pid}`, image: { width: 1, height: bytes[0]! }, faces: [] };
    },
  },
  parallel: 2,
  model: async () => undefined,
  works: true,
  env: {},
  onError: (error) => process.stderr.write(`${error}\n`),
});
process.stdout.write('ready\n');
