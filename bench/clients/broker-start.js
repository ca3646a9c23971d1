/** How long the embedded cluster takes to start in a process that has just begun, and again. */
const { EmbeddedCluster } = await import(process.env.BROKER)

async function startMs() {
  const start = performance.now()
  const cluster = await EmbeddedCluster.start()
  const ms = performance.now() - start
  await cluster.stop()
  return ms
}
const coldMs = await startMs()
const warmMs = await startMs()
process.stdout.write(`${JSON.stringify({ coldMs, warmMs })}\n`)
