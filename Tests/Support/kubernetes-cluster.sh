#!/usr/bin/env bash
# Runs the tests that need a real Kubernetes: any cluster for tests whose nodes can be given an image (kind, minikube, k3s,
# or one node made by hand). Not a part of `make test-extra`: no cluster is started here.
#
# usage: kubernetes-cluster.sh image TAG       builds the image of the tests' programs with $BUILD (podman build)
#        kubernetes-cluster.sh run COMMAND...  makes the namespace apus-test, runs the command, removes the namespace
#
# Example, with KUBECONFIG set, after `swift build --package-path Tests/Extra/Networking --build-tests`:
#     Tests/Support/kubernetes-cluster.sh image localhost/apus-pods:test
#     (load it on the nodes)
#     APUS_TEST_IMAGE=localhost/apus-pods:test Tests/Support/kubernetes-cluster.sh run \
#         swift test --package-path Tests/Extra/Networking --skip-build --filter 'RealCluster|PodWorkflow|WordCount'
# Pods must reach this host; APUS_TEST_ADDRESS names its address when they cannot reach all of them. On a cluster that puts no
# tokens into pods, or whose API has no address inside, APUS_TEST_API=HOST:PORT names where pods reach it.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

fail() { echo "kubernetes-cluster: $*" >&2; exit 1; }

# The debug build's objects, linked with the Swift runtime in the program.
link() { # PRODUCT MODULE FILE
    (cd "$root/Tests/Extra/Networking" &&
        swiftc -static-stdlib "@.build/debug/$1.product/Objects.LinkFileList" -Xlinker "--defsym=main=$2_main" \
            -Xlinker -s -lzmq -lCoreFoundation -l_FoundationICU -lFoundationInternationalization -l_FoundationCShims \
            -l_FoundationCollections -lstdc++ -o "$3")
}

image() {
    directory=$(mktemp -d)
    trap 'rm -rf "$directory"' EXIT
    link PodProgram PodProgram "$directory/PodProgram"
    link WordCountPods WordCountPods "$directory/WordCount"
    # It hands settings to a program in a pod.
    link apus ApusCommandLine "$directory/apus"
    cat >"$directory/Dockerfile" <<'END'
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libzmq5 && rm -rf /var/lib/apt/lists/*
COPY PodProgram WordCount apus /usr/local/bin/
USER 1000
ENTRYPOINT ["/usr/local/bin/PodProgram"]
END
    ${BUILD:-podman build} -t "$1" -f "$directory/Dockerfile" "$directory"
}

# The text of an account that has a role.
account() { # NAME ROLE
    cat <<END
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: $1}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: $1}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: $2}
subjects: [{kind: ServiceAccount, name: $1, namespace: $namespace}]
END
}

# The token of an account; clusters before 1.24 make a secret with it by themselves.
account_token() { # NAME
    kubectl -n "$namespace" create token "$1" 2>/dev/null && return
    for _ in $(seq 50); do
        secret=$(kubectl -n "$namespace" get serviceaccount "$1" -o 'jsonpath={.secrets[0].name}')
        if [ -n "$secret" ]; then
            kubectl -n "$namespace" get secret "$secret" -o 'jsonpath={.data.token}' | base64 -d
            return
        fi
        sleep 0.2
    done
}

run() {
    local namespace=apus-test status=0 token own
    [ -n "${KUBECONFIG:-}" ] || fail 'KUBECONFIG names no file'
    kubectl get nodes >/dev/null || fail 'the cluster does not answer'
    directory=$(mktemp -d)
    trap 'kubectl delete namespace apus-test --wait=false >/dev/null 2>&1; rm -rf "$directory"' EXIT
    kubectl create namespace "$namespace" >/dev/null
    # Somebody who may make pods, and not their secrets; and an account with the role of docs/clusters.md.
    role=$(sed -n '/^kind: Role$/,/^```/{/^```/d;p}' "$root/docs/clusters.md")
    [ -n "$role" ] || fail 'docs/clusters.md has no role'
    {
        printf 'apiVersion: rbac.authorization.k8s.io/v1\n%s\n' "$role"
        account submitter apus
        cat <<'END'
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: restricted}
rules:
- {apiGroups: [""], resources: [pods], verbs: [create, get, list, delete]}
END
        account restricted restricted
    } | kubectl -n "$namespace" apply -f - >/dev/null
    token=$(account_token restricted)
    export APUS_TEST_ACCOUNT=submitter
    if [ -n "${APUS_TEST_API:-}" ]; then
        own=$(account_token submitter)
        [ -n "$own" ] || fail 'the account submitter has no token'
        # What a cluster puts into pods by itself.
        kubectl config view --raw --minify --flatten -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' |
            base64 -d >"$directory/ca.crt"
        kubectl -n "$namespace" create secret generic submitter-account --from-literal=token="$own" \
            --from-file="$directory/ca.crt" --from-literal=namespace="$namespace" >/dev/null
        export APUS_TEST_ACCOUNT_SECRET=submitter-account
    fi
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
