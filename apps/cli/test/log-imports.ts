import { registerHooks } from 'node:module';

/** Preloaded with `node --import`: tells on standard error of every module that is loaded. */
registerHooks({
  load(url, context, nextLoad) {
    process.stderr.write(`load ${url}\n`);
    return nextLoad(url, context);
  },
});
