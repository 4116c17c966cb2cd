/** A server without networks: the real store and interface. Its options are the first argument, as JSON. */
import { join } from 'node:path';
import { buildApp } from '../src/app.ts';
import { completeConfig } from '../src/config/config.ts';
import { openImageFolder } from '../src/store/image-files.ts';
import { openStore } from '../src/store/store.ts';
import { createStandIn } from './fakes.ts';

const config = completeConfig({ port: 0, rateLimit: 0, publicExport: true, ...JSON.parse(process.argv[2] ?? '{}') });
const store = await openStore(config);
const files = openImageFolder(join(config.dataDir, 'images'));
const analyzer = createStandIn();
const app = await buildApp({ config, store, files, analyzer });
process.once('SIGTERM', async () => {
  await app.close();
  await store.close();
});
process.stdout.write(`${await app.listen({ host: config.host, port: config.port })}\n`);
