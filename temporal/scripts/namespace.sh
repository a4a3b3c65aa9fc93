#!/bin/sh
# Makes the namespace if it is missing, with histories kept for 30 days. Search attributes are registered by
# the worker when it starts. Safe to run again; the container is restarted when the server is not ready yet.
set -eu

temporal operator cluster health --address "$TEMPORAL_ADDRESS"
if temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" --address "$TEMPORAL_ADDRESS" >/dev/null 2>&1; then
  echo "Namespace $TEMPORAL_NAMESPACE exists."
else
  temporal operator namespace create -n "$TEMPORAL_NAMESPACE" --retention 720h --address "$TEMPORAL_ADDRESS"
fi
