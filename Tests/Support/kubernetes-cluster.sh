#!/usr/bin/env bash
# Runs the tests that need a real Kubernetes: an API server alone, which is started here, or any cluster for tests whose
# nodes can be given an image (kind, minikube, k3s, or one node made by hand).
#
# usage: kubernetes-cluster.sh image TAG       builds the image of the tests' programs with $BUILD (podman build)
#        kubernetes-cluster.sh run COMMAND...  makes the namespace apus-test, runs the command, removes the namespace
#        kubernetes-cluster.sh check           says what is missing for `api`
#        kubernetes-cluster.sh api COMMAND...  the same as `run` with an API server of its own, without nodes, on loopback; its
#                                              programs are in $KUBEBUILDER_ASSETS, as `setup-envtest` puts them, or on PATH
#                                              (kube-apiserver, etcd, kubectl). Status 77: the server did not come up
#
# Example, with KUBECONFIG set, after `swift build --package-path Tests/Extra/Networking --build-tests`:
#     Tests/Support/kubernetes-cluster.sh image localhost/apus-pods:test
#     (load it on the nodes)
#     APUS_TEST_IMAGE=localhost/apus-pods:test Tests/Support/kubernetes-cluster.sh run \
#         swift test --package-path Tests/Extra/Networking --skip-build --filter 'RealServer|RealCluster|PodWorkflow|WordCount'
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
    local namespace=apus-test status=0 token own nodes
    [ -n "${KUBECONFIG:-}" ] || fail 'KUBECONFIG names no file'
    nodes=$(kubectl get nodes -o name) || fail 'the cluster does not answer'
    [ -z "$nodes" ] || export APUS_TEST_NODES=yes
    directory=$(mktemp -d)
    trap 'kubectl delete namespace apus-test --wait=false >/dev/null 2>&1; end_servers; rm -rf "$directory"' EXIT
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

# What is missing for an API server.
check() {
    local program missing=()
    PATH=${KUBEBUILDER_ASSETS:+$KUBEBUILDER_ASSETS:}$PATH
    for program in etcd kube-apiserver kubectl openssl; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    [ ${#missing[@]} = 0 ] && return
    echo "neither on PATH nor in \$KUBEBUILDER_ASSETS: ${missing[*]}"
    return 1
}

servers=()
servers_directory=

end_servers() {
    [ ${#servers[@]} = 0 ] || { kill "${servers[@]}" && wait "${servers[@]}"; } 2>/dev/null || true
    [ -z "$servers_directory" ] || rm -rf "$servers_directory"
}

# A port that nobody has.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        # Only who listens lets somebody in.
        (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

api() {
    local etcd peer port token server
    check >&2 || exit 77
    export PATH=${KUBEBUILDER_ASSETS:+$KUBEBUILDER_ASSETS:}$PATH
    servers_directory=$(mktemp -d)
    trap end_servers EXIT
    cd "$servers_directory"
    etcd=$(free_port) peer=$(free_port) port=$(free_port)
    openssl genrsa -out account.key 2048 2>/dev/null
    openssl rsa -in account.key -pubout -out account.pub 2>/dev/null
    token=$(head -c 24 /dev/urandom | base64 | tr -dc a-zA-Z0-9)
    (umask 077 && echo "$token,admin,admin,system:masters" >tokens.csv)
    etcd --data-dir data --listen-client-urls "http://127.0.0.1:$etcd" --advertise-client-urls "http://127.0.0.1:$etcd" \
        --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
        --initial-cluster "default=http://127.0.0.1:$peer" --unsafe-no-fsync >etcd.log 2>&1 &
    servers+=($!)
    # Tokens of accounts are asked for; nothing makes them by itself.
    kube-apiserver --etcd-servers="http://127.0.0.1:$etcd" --bind-address=127.0.0.1 --advertise-address=127.0.0.1 \
        --secure-port="$port" --cert-dir=certificates --token-auth-file=tokens.csv --authorization-mode=RBAC \
        --service-cluster-ip-range=10.0.0.0/24 --endpoint-reconciler-type=none --allow-privileged=true \
        --disable-admission-plugins=ServiceAccount --service-account-issuer=https://kubernetes.default.svc \
        --service-account-key-file=account.pub --service-account-signing-key-file=account.key >api.log 2>&1 &
    servers+=($!)
    export KUBECONFIG=$servers_directory/config
    for _ in $(seq 300); do
        # Its own certificate is there before it answers.
        if [ -s certificates/apiserver.crt ] && [ ! -s config ]; then
            (umask 077 && cat >config) <<END
apiVersion: v1
kind: Config
clusters:
- {name: api, cluster: {server: "https://127.0.0.1:$port", certificate-authority: $PWD/certificates/apiserver.crt}}
users:
- {name: admin, user: {token: $token}}
contexts:
- {name: api, context: {cluster: api, user: admin}}
current-context: api
END
        fi
        [ ! -s config ] || [ "$(kubectl get --raw /readyz 2>/dev/null)" != ok ] || break
        for server in "${servers[@]}"; do kill -0 "$server" 2>/dev/null || break 2; done
        sleep 0.2
    done
    if [ "$(kubectl get --raw /readyz 2>/dev/null)" != ok ]; then
        tail -n 3 etcd.log api.log >&2
        echo 'kubernetes-cluster: the API server did not come up; its last words are above' >&2
        exit 77
    fi
    cd "$OLDPWD"
    run "$@"
}

case ${1:-} in
    image) image "${2:?a tag}" ;;
    run) shift; run "$@" ;;
    check) check ;;
    api) shift; api "$@" ;;
    *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
