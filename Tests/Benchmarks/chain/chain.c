/* The bare chain: what the hops of a workflow cost when nothing but libzmq and POSIX is in the way.
 *
 *   submit  -- DEALER, binds -->  interchange  -- ROUTER, binds -->  manager  -- stream socket pair -->  worker
 *   submit  <-- DEALER, binds --  interchange  <--------------------  manager  <-----------------------  worker
 *
 * Four processes, each with one thread of its own beside libzmq's. The worker sends back the bytes it was given. The
 * figures are the reference for latency and bandwidth of the real thing, which has the same hops.
 *
 * Build (this is the line for a Makefile):
 *
 *   chain: chain.c; cc -O2 -Wall -Wextra -o chain chain.c -lzmq
 *
 * Use:
 *
 *   ./chain latency 5000 1000                one message at a time, round trip in microseconds
 *   ./chain bandwidth 20 50000000            all messages queued at once, MB (10^6 bytes) per second in plus out
 *   ./chain bandwidth 20 50000000 --window 2     at most two messages on the way
 *   ./chain latency 5000 1000 --curve        both with encrypted connections
 *
 * One JSON object goes to stdout. Nothing outlives the program: every child dies with its parent, and is waited for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define KEYS_VARIABLE "CHAIN_KEYS" /* keys go through the environment: argv can be read by everybody */
#define WORKER_DESCRIPTOR 3
#define DEADLINE_SECONDS 300 /* a chain that hangs ends itself */

static void fail(const char *what) {
    int zmq_code = zmq_errno();
    fprintf(stderr, "chain (process %d): could not %s: %s\n", (int)getpid(), what, zmq_strerror(zmq_code));
    exit(1); /* the parent-death signal ends the children */
}

static void check(int outcome, const char *what) {
    if (outcome < 0) fail(what);
}

/* ---------------------------------------------------------------------------------------------- encryption */

struct keys {
    char server_public[41], server_secret[41], client_public[41], client_secret[41];
};

static int encrypted;
static struct keys keys;

static void make_keys(void) {
    char text[4 * 41];
    check(zmq_curve_keypair(keys.server_public, keys.server_secret), "make keys");
    check(zmq_curve_keypair(keys.client_public, keys.client_secret), "make keys");
    snprintf(text, sizeof text, "%s%s%s%s", keys.server_public, keys.server_secret, keys.client_public,
             keys.client_secret);
    setenv(KEYS_VARIABLE, text, 1);
    encrypted = 1;
}

static void read_keys(void) {
    const char *text = getenv(KEYS_VARIABLE);
    if (!text || strlen(text) != 160) return;
    memcpy(keys.server_public, text, 40);
    memcpy(keys.server_secret, text + 40, 40);
    memcpy(keys.client_public, text + 80, 40);
    memcpy(keys.client_secret, text + 120, 40);
    encrypted = 1;
}

/* ------------------------------------------------------------------------------------------------- sockets */

static void set_number(void *socket, int option, int value) {
    check(zmq_setsockopt(socket, option, &value, sizeof value), "set a socket option");
}

static void set_text(void *socket, int option, const char *value) {
    check(zmq_setsockopt(socket, option, value, strlen(value) + 1), "set a key");
}

/* No queue limit anywhere; the interchange is the CURVE server of all its connections. */
static void *make_socket(void *context, int type, int is_server) {
    void *socket = zmq_socket(context, type);
    if (!socket) fail("make a socket");
    set_number(socket, ZMQ_SNDHWM, 0);
    set_number(socket, ZMQ_RCVHWM, 0);
    set_number(socket, ZMQ_LINGER, 1000);
    if (encrypted && is_server) {
        set_number(socket, ZMQ_CURVE_SERVER, 1);
        set_text(socket, ZMQ_CURVE_SECRETKEY, keys.server_secret);
    } else if (encrypted) {
        set_text(socket, ZMQ_CURVE_PUBLICKEY, keys.client_public);
        set_text(socket, ZMQ_CURVE_SECRETKEY, keys.client_secret);
        set_text(socket, ZMQ_CURVE_SERVERKEY, keys.server_public);
    }
    return socket;
}

static void bind_somewhere(void *socket, char *endpoint, size_t capacity) {
    check(zmq_bind(socket, "tcp://127.0.0.1:*"), "bind a loopback port");
    check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &capacity), "read the bound endpoint");
}

static void send_message(zmq_msg_t *message, void *socket, int flags) {
    while (zmq_msg_send(message, socket, flags) < 0)
        if (errno != EINTR) fail("send a message");
}

static int receive_message(zmq_msg_t *message, void *socket, int flags) {
    while (zmq_msg_recv(message, socket, flags) < 0) {
        if (errno == EAGAIN) return 0;
        if (errno != EINTR) fail("receive a message");
    }
    return 1;
}

static void wait_for(zmq_pollitem_t *items, int count) {
    while (zmq_poll(items, count, -1) < 0)
        if (errno != EINTR) fail("poll");
}

/* ------------------------------------------------------------------------------- frames between manager and worker */

/* 1 when the buffer was filled, 0 when the other side closed. */
static int read_fully(int descriptor, void *buffer, size_t count) {
    for (size_t done = 0; done < count;) {
        ssize_t now = read(descriptor, (char *)buffer + done, count - done);
        if (now == 0) return 0;
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return 0;
        done += (size_t)now;
    }
    return 1;
}

/* A length of four bytes, then the payload, in as few calls as the socket allows. */
static int write_frame(int descriptor, const void *payload, uint32_t length) {
    struct iovec pieces[2] = {{&length, sizeof length}, {(void *)payload, length}};
    struct msghdr header = {.msg_iov = pieces, .msg_iovlen = 2};
    size_t left = sizeof length + length;
    while (left > 0) {
        ssize_t now = sendmsg(descriptor, &header, MSG_NOSIGNAL);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return 0;
        left -= (size_t)now;
        for (int i = 0; i < 2; i++) {
            size_t taken = (size_t)now < pieces[i].iov_len ? (size_t)now : pieces[i].iov_len;
            pieces[i].iov_base = (char *)pieces[i].iov_base + taken;
            pieces[i].iov_len -= taken;
            now -= (ssize_t)taken;
        }
    }
    return 1;
}

/* ----------------------------------------------------------------------------------------------- processes */

/* Starts this program in a role; `descriptor` becomes the child's number 3 unless it is negative. */
static pid_t start(const char *role, const char *first, const char *second, int descriptor) {
    pid_t parent = getpid();
    pid_t child = fork();
    check(child, "start a process");
    if (child > 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1); /* the parent ended before the signal was asked for */
    if (descriptor >= 0) dup2(descriptor, WORKER_DESCRIPTOR);
    char *arguments[] = {"chain", (char *)role, (char *)first, (char *)second, NULL};
    execv("/proc/self/exe", arguments);
    _exit(127);
}

static void reap(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (status != 0) fprintf(stderr, "chain: process %d ended with status %d\n", (int)child, status);
}

/* --------------------------------------------------------------------------------------------------- roles */

static void free_payload(void *payload, void *hint) {
    (void)hint;
    free(payload);
}

static int worker(void) {
    size_t capacity = 0;
    char *buffer = NULL;
    uint32_t length;
    while (read_fully(WORKER_DESCRIPTOR, &length, sizeof length)) {
        if (length > capacity) {
            free(buffer);
            buffer = malloc(length);
            capacity = length;
            if (!buffer) fail("find memory for a frame");
        }
        if (!read_fully(WORKER_DESCRIPTOR, buffer, length)) break;
        if (!write_frame(WORKER_DESCRIPTOR, buffer, length)) break;
    }
    free(buffer);
    return 0;
}

/* One frame is at the worker at a time, so blocking writes and reads cannot wait for each other. */
static int manager(const char *endpoint) {
    int ends[2];
    int size = 1 << 20;
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "make a socket pair");
    for (int i = 0; i < 2; i++) {
        setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        setsockopt(ends[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    pid_t child = start("worker", NULL, NULL, ends[1]);
    close(ends[1]);

    void *context = zmq_ctx_new();
    void *socket = make_socket(context, ZMQ_DEALER, 0);
    check(zmq_setsockopt(socket, ZMQ_ROUTING_ID, "manager", 7), "set the identity");
    check(zmq_connect(socket, endpoint), "connect to the interchange");
    check(zmq_send(socket, "ready", 5, 0), "register");

    int busy = 0;
    for (;;) {
        zmq_pollitem_t items[2] = {{NULL, ends[0], ZMQ_POLLIN, 0}, {socket, 0, ZMQ_POLLIN, 0}};
        wait_for(items, busy ? 1 : 2); /* a busy worker gets nothing, so no task is looked for */
        if (items[0].revents) {
            uint32_t length;
            if (!read_fully(ends[0], &length, sizeof length)) fail("read from the worker");
            void *payload = malloc(length ? length : 1);
            if (!payload || !read_fully(ends[0], payload, length)) fail("read from the worker");
            zmq_msg_t result;
            zmq_msg_init_data(&result, payload, length, free_payload, NULL);
            send_message(&result, socket, 0);
            busy = 0;
        } else if (items[1].revents) {
            zmq_msg_t task;
            zmq_msg_init(&task);
            if (receive_message(&task, socket, ZMQ_DONTWAIT)) {
                if (zmq_msg_size(&task) == 0) {
                    zmq_msg_close(&task);
                    break; /* an empty task means the end */
                }
                if (!write_frame(ends[0], zmq_msg_data(&task), (uint32_t)zmq_msg_size(&task)))
                    fail("write to the worker");
                busy = 1;
            }
            zmq_msg_close(&task);
        }
    }
    close(ends[0]);
    reap(child);
    check(zmq_send(socket, "", 0, 0), "say goodbye");
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}

static int interchange(const char *task_endpoint, const char *result_endpoint) {
    void *context = zmq_ctx_new();
    void *tasks = make_socket(context, ZMQ_DEALER, 1);
    void *results = make_socket(context, ZMQ_DEALER, 1);
    void *managers = make_socket(context, ZMQ_ROUTER, 1);
    set_number(managers, ZMQ_ROUTER_MANDATORY, 1);
    set_number(managers, ZMQ_ROUTER_HANDOVER, 1);
    check(zmq_connect(tasks, task_endpoint), "connect for tasks");
    check(zmq_connect(results, result_endpoint), "connect for results");
    char endpoint[256];
    bind_somewhere(managers, endpoint, sizeof endpoint);
    check(zmq_send(results, endpoint, strlen(endpoint), 0), "report the port");

    zmq_msg_t identity; /* of the one manager, once it has registered */
    int registered = 0;
    for (;;) {
        zmq_pollitem_t items[2] = {{managers, 0, ZMQ_POLLIN, 0}, {tasks, 0, ZMQ_POLLIN, 0}};
        wait_for(items, registered ? 2 : 1);
        for (;;) {
            zmq_msg_t from, body;
            zmq_msg_init(&from);
            if (!receive_message(&from, managers, ZMQ_DONTWAIT)) {
                zmq_msg_close(&from);
                break;
            }
            zmq_msg_init(&body);
            receive_message(&body, managers, 0);
            if (!registered) {
                zmq_msg_init(&identity);
                zmq_msg_move(&identity, &from);
                registered = 1;
                zmq_msg_close(&body);
            } else {
                int goodbye = zmq_msg_size(&body) == 0;
                send_message(&body, results, 0);
                if (goodbye) {
                    zmq_msg_close(&from);
                    zmq_msg_close(&identity);
                    zmq_close(tasks);
                    zmq_close(results);
                    zmq_close(managers);
                    zmq_ctx_term(context);
                    return 0;
                }
            }
            zmq_msg_close(&from);
        }
        while (registered) {
            zmq_msg_t task, to;
            zmq_msg_init(&task);
            if (!receive_message(&task, tasks, ZMQ_DONTWAIT)) {
                zmq_msg_close(&task);
                break;
            }
            zmq_msg_init(&to);
            zmq_msg_copy(&to, &identity);
            send_message(&to, managers, ZMQ_SNDMORE);
            send_message(&task, managers, 0);
        }
    }
}

/* -------------------------------------------------------------------------------------------------- figures */

struct chain {
    void *context, *tasks, *results;
    pid_t interchange, manager;
    zmq_msg_t payload; /* sent by reference, again and again */
};

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void open_chain(struct chain *chain, size_t bytes) {
    char tasks[256], results[256], endpoint[257] = {0};
    chain->context = zmq_ctx_new();
    chain->tasks = make_socket(chain->context, ZMQ_DEALER, 0);
    chain->results = make_socket(chain->context, ZMQ_DEALER, 0);
    bind_somewhere(chain->tasks, tasks, sizeof tasks);
    bind_somewhere(chain->results, results, sizeof results);
    chain->interchange = start("interchange", tasks, results, -1);
    check(zmq_recv(chain->results, endpoint, sizeof endpoint - 1, 0), "hear from the interchange");
    chain->manager = start("manager", endpoint, NULL, -1);
    check(zmq_msg_init_size(&chain->payload, bytes), "find memory for the payload");
    for (size_t i = 0; i < bytes; i++) ((unsigned char *)zmq_msg_data(&chain->payload))[i] = (unsigned char)(i * 31);
}

static void send_task(struct chain *chain) {
    zmq_msg_t task;
    zmq_msg_init(&task);
    zmq_msg_copy(&task, &chain->payload);
    send_message(&task, chain->tasks, 0);
}

/* The whole result is compared only outside the measured span. */
static void receive_result(struct chain *chain, int compare) {
    zmq_pollitem_t items[1] = {{chain->results, 0, ZMQ_POLLIN, 0}};
    zmq_msg_t result;
    zmq_msg_init(&result);
    do wait_for(items, 1);
    while (!receive_message(&result, chain->results, ZMQ_DONTWAIT));
    size_t size = zmq_msg_size(&chain->payload);
    if (zmq_msg_size(&result) != size ||
        (compare && memcmp(zmq_msg_data(&result), zmq_msg_data(&chain->payload), size) != 0)) {
        fprintf(stderr, "chain: a result differs from its task\n");
        exit(1);
    }
    zmq_msg_close(&result);
}

static void close_chain(struct chain *chain) {
    char nothing;
    check(zmq_send(chain->tasks, "", 0, 0), "end the chain");
    check(zmq_recv(chain->results, &nothing, 1, 0), "hear the chain's end");
    reap(chain->manager);
    reap(chain->interchange);
    zmq_msg_close(&chain->payload);
    zmq_close(chain->tasks);
    zmq_close(chain->results);
    zmq_ctx_term(chain->context);
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void latency(long count, size_t bytes) {
    struct chain chain;
    double *times = calloc((size_t)count, sizeof *times);
    if (!times) fail("find memory for the figures");
    open_chain(&chain, bytes);
    long warm_up = count < 200 ? count : 200;
    for (long i = 0; i < warm_up; i++) {
        send_task(&chain);
        receive_result(&chain, 1);
    }
    for (long i = 0; i < count; i++) {
        double begin = seconds();
        send_task(&chain);
        receive_result(&chain, 0);
        times[i] = (seconds() - begin) * 1e6;
    }
    close_chain(&chain);
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("{\"mode\": \"latency\", \"count\": %ld, \"bytes\": %zu, \"encryption\": %s, \"min_us\": %.1f, "
           "\"median_us\": %.1f, \"p99_us\": %.1f}\n",
           count, bytes, encrypted ? "true" : "false", times[0], times[count / 2], times[count * 99 / 100]);
    free(times);
}

static void bandwidth(long count, size_t bytes, long window) {
    struct chain chain;
    open_chain(&chain, bytes);
    send_task(&chain); /* warms up every buffer on the way */
    receive_result(&chain, 1);
    double begin = seconds();
    long sent = 0;
    for (; sent < count && sent < window; sent++) send_task(&chain);
    for (long received = 0; received < count; received++) {
        receive_result(&chain, 0);
        if (sent < count) {
            send_task(&chain);
            sent++;
        }
    }
    double elapsed = seconds() - begin;
    close_chain(&chain);
    printf("{\"mode\": \"bandwidth\", \"count\": %ld, \"bytes\": %zu, \"window\": %ld, \"encryption\": %s, "
           "\"seconds\": %.3f, \"megabytes_per_second\": %.0f}\n",
           count, bytes, window, encrypted ? "true" : "false", elapsed,
           2.0 * (double)count * (double)bytes / elapsed / 1e6);
}

static int usage(void) {
    fprintf(stderr, "usage: chain latency COUNT BYTES [--curve]\n"
                    "       chain bandwidth COUNT BYTES [--curve] [--window MESSAGES]\n"
                    "COUNT is at least 1, BYTES is 1 to 2000000000.\n");
    return 64;
}

int main(int count, char **arguments) {
    alarm(DEADLINE_SECONDS);
    read_keys();
    if (count == 2 && strcmp(arguments[1], "worker") == 0) return worker();
    if (count == 3 && strcmp(arguments[1], "manager") == 0) return manager(arguments[2]);
    if (count == 4 && strcmp(arguments[1], "interchange") == 0) return interchange(arguments[2], arguments[3]);

    if (count < 4) return usage();
    long messages = atol(arguments[2]), bytes = atol(arguments[3]), window = messages;
    for (int i = 4; i < count; i++) {
        if (strcmp(arguments[i], "--curve") == 0) make_keys();
        else if (strcmp(arguments[i], "--window") == 0 && i + 1 < count) window = atol(arguments[++i]);
        else return usage();
    }
    if (messages < 1 || bytes < 1 || bytes > 2000000000 || window < 1) return usage();
    if (strcmp(arguments[1], "latency") == 0) latency(messages, (size_t)bytes);
    else if (strcmp(arguments[1], "bandwidth") == 0) bandwidth(messages, (size_t)bytes, window);
    else return usage();
    return 0;
}
