/** The load of benchmarks/server-load.ts, in a process of its own. Arguments: URL, connections, seconds, file of a JPEG. */
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const [url = '', connections, seconds, file = ''] = process.argv.slice(2);
const result = await autocannon({
  url,
  method: 'POST',
  headers: { 'content-type': 'image/jpeg' },
  body: readFileSync(file),
  connections: Number(connections),
  duration: Number(seconds),
  timeout: 60,
});
process.stdout.write(JSON.stringify(result));
