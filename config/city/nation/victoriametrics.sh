# VictoriaMetrics in Prometheus' place: two programs. It takes late samples without being asked to.
victoria-metrics -storageDataPath=/var/lib/victoria-metrics -retentionPeriod=400d -httpListenAddr=127.0.0.1:8428 &
vmalert -rule='/etc/prometheus/rules/*.yml' -evaluationInterval=1m \
    -datasource.url=http://127.0.0.1:8428 -remoteRead.url=http://127.0.0.1:8428 -remoteWrite.url=http://127.0.0.1:8428 \
    -notifier.url=http://127.0.0.1:9093 &
wait
