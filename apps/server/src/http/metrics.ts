import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AnalysisQueue } from '../analysis/queue.ts';

/** Upper ends of the histogram's buckets in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Prometheus metrics under `/metrics`: requests by route and status, the queue, and what Node tells of itself. */
export function installMetrics(app: FastifyInstance, queue: AnalysisQueue): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  watchRequests(app, registry);
  watchQueue(queue, registry);
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
}

function watchRequests(app: FastifyInstance, registry: Registry): void {
  const durations = new Histogram({
    name: 'mememoji_request_seconds',
    help: 'Time from the first byte of a request to the last of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [registry],
  });
  const refused = new Counter({
    name: 'mememoji_refused_total',
    help: 'Requests refused with 429: the queue was full, or a client asked too often',
    registers: [registry],
  });
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    // The pattern, not the path: ids would make a series each.
    const labels = { method, route: routeOptions.url ?? 'none', status: String(reply.statusCode) };
    durations.observe(labels, reply.elapsedTime / 1000);
    if (reply.statusCode === 429) refused.inc();
  });
}

function watchQueue(queue: AnalysisQueue, registry: Registry): void {
  const waiting: Gauge = new Gauge({
    name: 'mememoji_queue_waiting',
    help: 'Images that wait for an analyzer',
    registers: [registry],
    collect: () => waiting.set(queue.waiting),
  });
  const running: Gauge = new Gauge({
    name: 'mememoji_queue_running',
    help: 'Images that are being analyzed',
    registers: [registry],
    collect: () => running.set(queue.running),
  });
}
