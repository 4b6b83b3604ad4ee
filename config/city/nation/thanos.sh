# Thanos in Prometheus' place: five programs, of Thanos 0.36 or later. Old blocks go to the object store of bucket.yml.
thanos receive \
    --tsdb.path=/var/lib/thanos/receive --tsdb.retention=15d \
    --tsdb.out-of-order.time-window=12h \
    --label='receive_replica="0"' \
    --remote-write.address=127.0.0.1:19291 --http-address=127.0.0.1:10909 --grpc-address=127.0.0.1:10901 \
    --objstore.config-file=/etc/thanos/bucket.yml &
thanos store \
    --data-dir=/var/lib/thanos/store --objstore.config-file=/etc/thanos/bucket.yml \
    --http-address=127.0.0.1:10912 --grpc-address=127.0.0.1:10905 &
thanos query \
    --endpoint=127.0.0.1:10901 --endpoint=127.0.0.1:10905 --endpoint=127.0.0.1:10911 \
    --query.replica-label=receive_replica --http-address=127.0.0.1:10902 --grpc-address=127.0.0.1:10903 &
thanos rule \
    --data-dir=/var/lib/thanos/rule --rule-file='/etc/prometheus/rules/*.yml' --eval-interval=1m \
    --query=127.0.0.1:10902 --alertmanagers.url=http://127.0.0.1:9093 --label='rule_replica="0"' \
    --http-address=127.0.0.1:10910 --grpc-address=127.0.0.1:10911 \
    --objstore.config-file=/etc/thanos/bucket.yml &
# Late samples make blocks that overlap; the compactor must be told that it may put them together.
thanos compact \
    --data-dir=/var/lib/thanos/compact --objstore.config-file=/etc/thanos/bucket.yml --wait \
    --compact.enable-vertical-compaction --http-address=127.0.0.1:10914 \
    --retention.resolution-raw=400d --retention.resolution-5m=400d --retention.resolution-1h=400d &
wait
