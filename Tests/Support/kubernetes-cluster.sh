#!/usr/bin/env bash
# Runs the tests that need a real Kubernetes: any cluster for tests whose nodes can be given an image (kind, minikube, k3s,
# or one node made by hand). Not a part of `make test-extra`: no cluster is started here.
#
# usage: kubernetes-cluster.sh image TAG       builds the image of the test's program with $BUILD (podman build)
#        kubernetes-cluster.sh run COMMAND...  makes the namespace apus-test, runs the command, removes the namespace
#
# Example, with KUBECONFIG set, after `swift build --package-path Tests/Extra/Networking --build-tests`:
#     Tests/Support/kubernetes-cluster.sh image localhost/apus-pods:test
#     (load it on the nodes)
#     APUS_TEST_IMAGE=localhost/apus-pods:test Tests/Support/kubernetes-cluster.sh run \
#         swift test --package-path Tests/Extra/Networking --skip-build --filter 'RealCluster|PodWorkflow'
# Pods must reach this host; APUS_TEST_ADDRESS names its address when they cannot reach all of them.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

fail() { echo "kubernetes-cluster: $*" >&2; exit 1; }

# The debug build's objects, linked with the Swift runtime in the program.
image() {
    directory=$(mktemp -d)
    trap 'rm -rf "$directory"' EXIT
    (cd "$root/Tests/Extra/Networking" &&
        swiftc -static-stdlib @.build/debug/PodProgram.product/Objects.LinkFileList -Xlinker --defsym=main=PodProgram_main \
            -Xlinker -s -lzmq -lCoreFoundation -l_FoundationICU -lFoundationInternationalization -l_FoundationCShims \
            -l_FoundationCollections -lstdc++ -o "$directory/PodProgram")
    cat >"$directory/Dockerfile" <<'END'
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libzmq5 && rm -rf /var/lib/apt/lists/*
COPY PodProgram /usr/local/bin/PodProgram
USER 1000
ENTRYPOINT ["/usr/local/bin/PodProgram"]
END
    ${BUILD:-podman build} -t "$1" -f "$directory/Dockerfile" "$directory"
}

run() {
    local namespace=apus-test status=0 token
    [ -n "${KUBECONFIG:-}" ] || fail 'KUBECONFIG names no file'
    kubectl get nodes >/dev/null || fail 'the cluster does not answer'
    directory=$(mktemp -d)
    trap 'kubectl delete namespace apus-test --wait=false >/dev/null 2>&1; rm -rf "$directory"' EXIT
    kubectl create namespace "$namespace" >/dev/null
    # Somebody who may make pods, and not their secrets.
    kubectl -n "$namespace" apply -f - >/dev/null <<'END'
apiVersion: v1
kind: ServiceAccount
metadata: {name: restricted}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: restricted}
rules:
- {apiGroups: [""], resources: [pods], verbs: [create, get, list, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: restricted}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: restricted}
subjects: [{kind: ServiceAccount, name: restricted, namespace: apus-test}]
END
    # Clusters before 1.24 make a secret with the token by themselves.
    token=$(kubectl -n "$namespace" create token restricted 2>/dev/null ||
        for _ in $(seq 50); do
            secret=$(kubectl -n "$namespace" get serviceaccount restricted -o 'jsonpath={.secrets[0].name}')
            [ -z "$secret" ] || { kubectl -n "$namespace" get secret "$secret" -o 'jsonpath={.data.token}' | base64 -d; break; }
            sleep 0.2
        done)
    if [ -n "$token" ]; then
        (umask 077 && kubectl config view --raw --minify --flatten >"$directory/restricted")
        kubectl --kubeconfig "$directory/restricted" config set-credentials restricted --token="$token" >/dev/null
        kubectl --kubeconfig "$directory/restricted" config set-context --current --user=restricted >/dev/null
        export APUS_TEST_KUBECONFIG_RESTRICTED=$directory/restricted
    fi
    APUS_TEST_KUBECONFIG=$KUBECONFIG APUS_TEST_NAMESPACE=$namespace "$@" || status=$?
    exit "$status"
}

case ${1:-} in
    image) image "${2:?a tag}" ;;
    run) shift; run "$@" ;;
    *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
