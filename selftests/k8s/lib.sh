# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A real API server for tests, to be sourced: server_start, api, stops at the end by itself. It is not in the tree:
# selftests/k8s/build-apiserver FOLDER makes it (four minutes), and BAILIFF_APISERVER=FOLDER says where.

apiserver=${BAILIFF_APISERVER:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bailiff-apiserver}
token=test-token
work=
pids=()

server_stop() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null
	done
	wait
	[ -z "$work" ] || rm -rf "$work"
}

# free_port: one that nobody listens on
free_port() {
	local port
	for port in $(shuf -i 20000-29999 -n 50); do
		(: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
}

# server_there: whether there is one to start
server_there() {
	[ -x "$apiserver/kube-apiserver" ] && [ -x "$apiserver/etcd" ]
}

# server_start [OPTION]...: in $work, reached by $url with $token and $work/ca.crt; waits until it is ready
server_start() {
	local client peer port i
	work=$(mktemp -d)
	trap server_stop EXIT
	client=$(free_port) peer=$(free_port) port=$(free_port)
	url=https://127.0.0.1:$port
	printf '%s,admin,1,system:masters\n' "$token" >"$work/tokens"
	openssl genrsa -out "$work/sa.key" 2048 2>/dev/null
	openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$work/server.key" -out "$work/ca.crt" 2>/dev/null
	nice -n 10 "$apiserver/etcd" --data-dir "$work/etcd" --listen-client-urls "http://127.0.0.1:$client" \
		--advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" \
		--initial-advertise-peer-urls "http://127.0.0.1:$peer" \
		--initial-cluster "default=http://127.0.0.1:$peer" --unsafe-no-fsync >"$work/etcd.log" 2>&1 &
	pids+=($!)
	nice -n 10 "$apiserver/kube-apiserver" --etcd-servers "http://127.0.0.1:$client" --secure-port "$port" \
		--bind-address 127.0.0.1 --tls-cert-file "$work/ca.crt" --tls-private-key-file "$work/server.key" \
		--token-auth-file "$work/tokens" --authorization-mode RBAC --service-cluster-ip-range 10.0.0.0/24 \
		--service-account-issuer https://test --service-account-key-file "$work/sa.key" \
		--service-account-signing-key-file "$work/sa.key" \
		--disable-admission-plugins ServiceAccount "$@" >"$work/apiserver.log" 2>&1 &
	pids+=($!)
	for ((i = 0; i < 600; i++)); do
		[ "$(api GET /readyz 2>/dev/null)" = ok ] && return 0
		kill -0 "${pids[1]}" 2>/dev/null || break
		sleep 0.1
	done
	tail -n 20 "$work/etcd.log" "$work/apiserver.log"
	return 1
}

# api METHOD PATH [TYPE [FILE]]: one request, not as curl, for which the server would indent; the answer on standard output, its status in $work/status
api() {
	local method=$1 path=$2 type=${3-} file=${4--}
	if [ -n "$type" ]; then
		curl -sS -A bailiff-tests --cacert "$work/ca.crt" -H "Authorization: Bearer $token" -X "$method" -H "Content-Type: $type" \
			--data-binary "@$file" -w '%{stderr}%{http_code}' "$url$path" 2>"$work/status"
	else
		curl -sS -A bailiff-tests --cacert "$work/ca.crt" -H "Authorization: Bearer $token" -X "$method" \
			-H "Accept: ${ACCEPT:-application/json}" -w '%{stderr}%{http_code}' "$url$path" 2>"$work/status"
	fi
}
