#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The ready policies nginx, postgresql and redis on Debian's own services: their work goes on, from start to
# stop, without an entry in the journal; and what attackers have them do is stopped.

test=library-services
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/library-lib.sh"

sql() { su postgres -c "psql -qAtX -v ON_ERROR_STOP=1" <<<"$1" 2>&1 | grep -v "^HINT"; }
cluster=postgresql@15-main
services=${LIBRARY-nginx postgresql redis}

# What they are there for.
nginx_works() {
	status "nginx starts" 0 timeout 60 systemctl restart nginx
	is "nginx serves" 200 "$(web /)"
	is "nginx says what is not there" 404 "$(web /nothing)"
	status "nginx reloads" 0 timeout 60 systemctl reload nginx
	mv /var/log/nginx/access.log /var/log/nginx/access.log.1
	kill -USR1 "$(cat /run/nginx.pid)"
	eventually test -e /var/log/nginx/access.log
	is "nginx serves after that" 200 "$(web /)"
	eventually test -s /var/log/nginx/access.log || not_ok "nginx writes into its new log"
	status "nginx stops" 0 timeout 60 systemctl stop nginx
	is "... by the unit's own command" "0 success" "$(systemctl show -P ExecMainStatus nginx) $(systemctl show -P Result nginx)"
}
postgresql_works() {
	status "PostgreSQL starts" 0 timeout 60 systemctl restart $cluster
	is "PostgreSQL keeps, finds, sorts on disk, works in parallel, compiles, cleans up" "3 6|20000|20000|20000" "$(sql "
		CREATE TABLE kept (n int PRIMARY KEY, t text);
		INSERT INTO kept SELECT n, repeat('x', 100) FROM generate_series(1, 3) n;
		SELECT count(*) || ' ' || sum(n) FROM kept;
		SET work_mem = 64;
		SELECT count(*) FROM (SELECT n, repeat('x', 50) t FROM generate_series(1, 20000) n ORDER BY t, n DESC) x;
		CREATE TABLE many AS SELECT generate_series(1, 20000) n;
		SET force_parallel_mode = on; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0;
		SELECT count(*) FROM many;
		SET force_parallel_mode = off; SET jit_above_cost = 0;
		SELECT count(n) FROM many;
		DO \$\$ BEGIN PERFORM pg_notify('x', 'y'); END \$\$;
		VACUUM FULL kept; ANALYZE kept; CHECKPOINT; DROP TABLE kept, many;
		ALTER SYSTEM SET work_mem = '5MB'; ALTER SYSTEM RESET ALL" | paste -sd '|')"
	is "PostgreSQL answers by TCP" 1 "$(PGPASSWORD=secret psql -qAtX -h 127.0.0.1 -U tcp postgres -c 'SELECT 1' 2>&1)"
	status "PostgreSQL reloads" 0 timeout 60 systemctl reload $cluster
	status "PostgreSQL stops" 0 timeout 60 systemctl stop $cluster
	status "PostgreSQL starts again" 0 timeout 60 systemctl start $cluster
}
redis_works() {
	status "Redis starts" 0 timeout 60 systemctl restart redis-server
	is "Redis keeps" OK "$(redis-cli SET kept 1)"
	is "Redis runs Lua" 2 "$(redis-cli EVAL 'return redis.call("INCR", KEYS[1])' 1 kept)"
	is "Redis saves" OK "$(redis-cli SAVE)"
	has "Redis saves in the background" started "$(redis-cli BGSAVE)"
	is "Redis appends to a file" OK "$(redis-cli CONFIG SET appendonly yes)"
	eventually test -d /var/lib/redis/appendonlydir || not_ok "Redis has that file"
	is "Redis appends no more" OK "$(redis-cli CONFIG SET appendonly no)"
	is "Redis writes its configuration" OK "$(redis-cli CONFIG REWRITE)"
	status "Redis starts again" 0 timeout 60 systemctl restart redis-server
	is "Redis still has it" 2 "$(redis-cli GET kept)"
}

# nginx, as somebody left it who got at its configuration.
error() { eventually test -s $work/error.log && tail -n 1 $work/error.log; }
fetch() {
	: >$work/error.log
	local got
	got=$(web "$1" attack)
	if [ "$got" = 200 ]; then echo 200; else error; fi
}
reconfigured() {
	echo "$1" >/etc/nginx/library.conf
	: >$work/error.log
	if timeout 60 systemctl restart nginx 2>/dev/null; then echo started; else journalctl -u nginx -o cat -n 20 | grep -E 'open|dlopen' | tail -n 1; fi
}
nginx_attacked() {
	cp /etc/nginx/nginx.conf $work/
	sed -i "s|^user .*|user root; include /etc/nginx/library.conf;|; s|^error_log .*|error_log /var/log/nginx/library.log;|" /etc/nginx/nginx.conf
	cat >/etc/nginx/conf.d/library.conf <<-END
		server {
			listen 80;
			server_name attack;
			location /shadow { alias /etc/shadow; }
			location /link { alias /var/www/link; }
			location /hard { alias /var/www/hard; }
			location /root { alias /proc/self/root/etc/shadow; }
			location /elsewhere { proxy_pass http://127.0.0.1:8099/; }
			location /mapped { proxy_pass http://[::ffff:127.0.0.1]:8099/; }
		}
	END
	ln -sfn /var/log/nginx/library.log $work/error.log
	: >/etc/nginx/library.conf
	systemctl restart nginx
	for road in shadow link hard root; do
		stops "nginx serves passwords, by the road $road" '^200$' '\(13: Permission denied\)' fetch /$road
	done
	stops "nginx fetches for others" '^200$' '\(13: Permission denied\)' fetch /elsewhere
	stops "... by IPv4 in IPv6" '^200$' '\(13: Permission denied\)' fetch /mapped
	rm -f /etc/cron.d/library
	stops "nginx writes a table of cron's" '^started$' '\(13: Permission denied\)' \
		reconfigured 'error_log /etc/cron.d/library;'
	stops "... by a link in its own folder" '^started$' '\(13: Permission denied\)' \
		reconfigured 'error_log /var/log/nginx/link/library;'
	is "the table is there" $under "$([ -e /etc/cron.d/library ] && echo no || echo yes)"
	for module in $work/module.so /var/lib/nginx/module.so; do
		stops "nginx loads a module from ${module%/*}" '^started$' '(Permission denied|failed to map segment)' reconfigured "load_module $module;"
	done
	rm -f /etc/nginx/library.conf /etc/nginx/conf.d/library.conf /etc/cron.d/library
	cp $work/nginx.conf /etc/nginx/
	systemctl restart nginx
}

# PostgreSQL, by somebody who may do all in it.
tcp() { sql "SELECT dblink_connect('hostaddr=$1 port=8099 user=tcp password=secret dbname=postgres')" | grep -Eo "server closed|received invalid|Permission denied"; }
postgresql_attacked() {
	rm -f $work/made $work/made-2 /var/lib/postgresql/link/made-3
	stops "a program is started" '^gotten$' 'could not execute command' sql "
		CREATE TEMP TABLE t (l text); COPY t FROM PROGRAM 'echo gotten'; SELECT * FROM t"
	stops "... to be written to" '^done$' 'could not execute command|Permission denied' sql "COPY (SELECT 1) TO PROGRAM 'cat'; SELECT 'done'"
	stops "a file is written elsewhere" '^done$' 'Permission denied' sql "COPY (SELECT 1) TO '$work/made'; SELECT 'done'"
	stops "... by a large object" '^1$' 'Permission denied' sql "
		SELECT lo_from_bytea(0, 'x') AS made \\gset
		SELECT lo_export(:made, '$work/made-2')"
	stops "... by a link" '^done$' 'Permission denied' sql "COPY (SELECT 1) TO '/var/lib/postgresql/link/made-3'; SELECT 'done'"
	stops "a library is loaded that was brought along" '^done$' 'Permission denied|failed to map segment' sql "LOAD '$work/library.so'; SELECT 'done'"
	stops "... from its own folder" '^done$' 'Permission denied|failed to map segment' sql "LOAD '/var/lib/postgresql/library.so'; SELECT 'done'"
	stops "another machine is asked" 'server closed|received invalid' 'Permission denied' tcp 127.0.0.1
	stops "... by IPv4 in IPv6" 'server closed|received invalid' 'Permission denied' tcp ::ffff:127.0.0.1
}

# Redis, as it runs where nobody hardened it: as root, and told to do what it likes.
redis_saves() { redis-cli <<<"CONFIG SET dir $1
CONFIG SET dbfilename library
SAVE" | tail -n 1; }
redis_saved() { [ "$(redis_saves "$1")" = OK ] && echo saved || tail -n 3 /var/log/redis/redis-server.log | grep -m 1 -i denied; }
redis_module() {
	redis-cli MODULE LOAD "$1" >/dev/null
	grep 'Module.*failed to load' /var/log/redis/redis-server.log | tail -n 1
}
redis_asks() {
	redis-cli REPLICAOF "$1" 8099 >/dev/null
	eventually grep -Eq 'Error condition on socket|Unable to connect|Connecting to MASTER.*' /var/log/redis/redis-server.log
	sleep 2
	grep -Eo 'Unable to connect to MASTER: .*|Master replied.*|Error reply to PING.*|Non blocking connect for SYNC fired the event' /var/log/redis/redis-server.log | tail -n 1
}
redis_attacked() {
	mkdir -p /run/systemd/system/redis-server.service.d
	cat >/run/systemd/system/redis-server.service.d/library.conf <<-END
		[Service]
		User=root
		Group=root
		ProtectSystem=no
		ProtectHome=no
		PrivateTmp=no
		PrivateUsers=no
		NoExecPaths=
		ExecPaths=
		MemoryDenyWriteExecute=no
		CapabilityBoundingSet=~
		SystemCallFilter=
		ExecStart=
		ExecStart=/usr/bin/redis-server /etc/redis/redis.conf --supervised systemd --daemonize no --enable-protected-configs yes --enable-module-command yes
	END
	systemctl daemon-reload
	# it does not end before it has saved; and root without capabilities reads what is his own
	systemctl stop redis-server
	chown -R root:root /etc/redis /var/lib/redis /var/log/redis
	systemctl start redis-server
	rm -f /etc/cron.d/library /root/.ssh/library-saved
	stops "Redis saves a table of cron's" '^saved$' 'Permission denied' redis_saved /etc/cron.d
	stops "... by a link" '^saved$' 'Permission denied' redis_saved /var/lib/redis/link
	stops "... as a key of SSH" '^saved$' 'Permission denied' redis_saved /root/.ssh
	is "the table is there" $under "$([ -e /etc/cron.d/library ] && echo no || echo yes)"
	redis-cli CONFIG SET dir /var/lib/redis >/dev/null
	stops "Redis loads a library that was brought along" 'OnLoad|undefined symbol' 'denied|failed to map segment' redis_module $work/module.so
	stops "... from its own folder" 'OnLoad|undefined symbol' 'denied|failed to map segment' redis_module /var/lib/redis/module.so
	: >/var/log/redis/redis-server.log
	stops "Redis asks another machine" 'fired the event|PING' 'Permission denied' redis_asks 127.0.0.1
	stops "... by IPv4 in IPv6" 'fired the event|PING' 'Permission denied' redis_asks ::ffff:127.0.0.1
	rm -r /run/systemd/system/redis-server.service.d
	rm -f /etc/cron.d/library /root/.ssh/library
	chown -R redis:redis /etc/redis /var/lib/redis /var/log/redis
	systemctl daemon-reload
	# systemd starts it again, as it was before
	redis-cli SHUTDOWN NOSAVE
}

mkdir -p $work
mkdir -p /root/.ssh
mkdir -p /etc/cron.d
chmod 777 $work
elsewhere_start
cp /usr/lib/nginx/modules/ngx_http_echo_module.so $work/module.so
chmod 755 $work/module.so
cp $work/module.so /var/lib/nginx/
cp $work/module.so /var/lib/redis/
mv /etc/nginx/modules-enabled $work/
cp /usr/lib/postgresql/15/lib/auto_explain.so $work/library.so
cp $work/library.so /var/lib/postgresql/
ln -s /etc/shadow /var/www/link
ln /etc/shadow /var/www/hard
ln -s /etc/cron.d /var/log/nginx/link
ln -s /etc/cron.d /var/lib/redis/link
ln -s $work /var/lib/postgresql/link
systemctl start $cluster
sql "CREATE USER tcp PASSWORD 'secret'; CREATE EXTENSION dblink" >/dev/null

nginx_told() {
	denied nginx BAILIFF_ACTION=read BAILIFF_PATH=/etc/shadow
	denied nginx BAILIFF_ACTION=write BAILIFF_PATH=/etc/cron.d/library
}
postgresql_told() {
	denied postgresql BAILIFF_ACTION=exec BAILIFF_PATH=/usr/bin/dash
	denied postgresql BAILIFF_ACTION=write BAILIFF_PATH=$work/made
}
redis_told() {
	denied redis BAILIFF_ACTION=write
	denied redis BAILIFF_ACTION=network
	denied redis BAILIFF_ACTION=map BAILIFF_PATH=$work/module.so
}

start_daemon
for name in $services; do "${name}_attacked"; done

# shellcheck disable=SC2086 # words
enforce $services
mark
for name in $services; do "${name}_works"; done
for name in $services; do quiet "$name"; done

mark
for name in $services; do "${name}_attacked"; "${name}_told"; done

stop_daemon
systemctl stop nginx $cluster redis-server
elsewhere_stop
mv $work/modules-enabled /etc/nginx/
rm -rf $work /var/www/link /var/www/hard /var/log/nginx/link /var/lib/redis/link /var/lib/postgresql/link \
	/var/lib/nginx/module.so /var/lib/redis/module.so /var/lib/postgresql/library.so
