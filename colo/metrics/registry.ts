import { COUNTERS, type CounterCells } from '@tandem/shared/counters.ts'
import { Counter as CountUp, Gauge, Registry } from 'prom-client'

/** What Prometheus reads: every declared counter as it stands when it is asked for. */
export function registryOf(cells: CounterCells): Registry {
  const registry = new Registry()
  for (const counter of COUNTERS) {
    const { name, doc: help, label, values } = counter
    const Kind = name.endsWith('_total') ? CountUp : Gauge
    const metric = new Kind({
      name,
      help,
      labelNames: label === '' ? [] : [label],
      registers: [registry],
      collect() {
        metric.reset()
        values.forEach((value, place) => {
          metric.inc(label === '' ? {} : { [label]: value }, cells.read(counter, place))
        })
      },
    })
  }
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the whole process.',
    registers: [registry],
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  return registry
}
