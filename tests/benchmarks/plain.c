/* The engine's equations for services with workers, a queue and calls that are tried again, as a plain C loop.
 *
 * Every service and every call is stepped in every step. Numbers are those of docs/theory.md. Compiled and
 * called by tests/benchmarks/plain.py, whose NumPy types mirror the structs. */

#include <math.h>

enum { WAITING, CLOSED, BLOCKED, GRID = 512 };
enum { TIMES = 353, VARIATIONS = 25, MOST_WAITS = 9 };
enum { OFFERED, GOODPUT, FAILED, REFUSED, DROPPED, SERVED, FLOWS };

static const double EARLIEST = -8.0, LATEST = 14.0, PER_SIGMA = 16.0, PER_UNIT = 8.0, WIDEST = 3.0;
static const double CERTAIN = 1.0 - 1e-6;

typedef struct {
    int first_call, last_call, first_caller, last_caller, law, is_small;
    double demand, servers, capacity, room, most, service_s;
} Service;

typedef struct {
    double work, busy, used, spread, pushed, promising, hold_s, age_s, success, starts, up;
} Now;

typedef struct {
    double accepted, good, mean_s, variance, late, late_s, late_square, fail_s, fail_variance;
} Answer;

typedef struct {
    int callee, policy, first_waiting;
    double calls, fixed, live;
} Call;

typedef struct {
    double sent, ok, fail_s, pushed;
} Sent;

typedef struct {
    double timeout_s;
    int waits;
    double wait_s[MOST_WAITS];
} Policy;

typedef struct {
    int policy;
    double ok, fail_s, success, answer_s, variance, late, late_s, late_square, taking_s, taking_variance;
} Reply;

typedef struct {
    int services, changes;
    const Service *service;
    const Call *call;
    const int *incoming;
    const Policy *policy;
    const double (*laws)[3][GRID + 1];
    const double (*sojourn)[VARIATIONS][TIMES];
    Now *now;
    Answer *answer;
    Reply *reply;
    Sent *sent;
    double *waiting;
    double (*flows)[FLOWS];
} Plain;

typedef struct {
    int service;
    double from_s, until_s, up;
} Change;

static double least(double a, double b) { return a < b ? a : b; }
static double most(double a, double b) { return a > b ? a : b; }

static double interpolate(const double *table, double at) {
    double position = least(most(at, 0.0), 1.0) * GRID;
    int left = position < GRID - 1 ? (int)position : GRID - 1;
    return table[left] + (position - left) * (table[left + 1] - table[left]);
}

static double service_rate(const Service *service, const Now *now) {
    return least(service->capacity * now->up, service->servers * now->up / most(now->hold_s, 1e-6));
}

static double chance_to_wait(const double law[3][GRID + 1], const Now *now) {
    double chance = interpolate(law[WAITING], now->used);
    if (now->pushed > 0.0)
        chance += now->pushed * (interpolate(law[CLOSED], now->used) - chance);
    return chance;
}

static double blocked_share(const Service *service, const Now *now, const double law[3][GRID + 1], double arriving,
                            double done, double dt) {
    double workers = service->servers * now->up, places = workers + service->room;
    double filled = now->work - now->busy + workers * now->used;
    double blocked = interpolate(law[BLOCKED], filled / places);
    double more = interpolate(law[BLOCKED], (filled + 1.0) / places) - blocked;
    double less = blocked - interpolate(law[BLOCKED], (filled - 1.0) / places);
    double change = most(more, less) * dt;
    blocked += change * (arriving * (1.0 - blocked) - done) / (1.0 + arriving * change);
    return least(most(blocked, 0.0), 1.0);
}

static double utilisation(double work, double servers, double step_work, double chance) {
    double both = servers + step_work, half = both + chance + work;
    double root = sqrt(most(half * half - 4.0 * both * work, 0.0));
    return least(2.0 * work / (half + root), 1.0);
}

static double relaxation(double servers, double rate, double used, double chance) {
    double idle = most(1.0 - used, 1e-6);
    return rate / most(servers + chance / (idle * idle), 1e-9);
}

/* Admit, queue and finish the work of one service, Eq. (6) to (12). */
static void work(const Service *service, Now *now, Answer *answer, double *flow, const double law[3][GRID + 1],
                 double dt) {
    double arriving = flow[OFFERED], high = arriving, rate = service_rate(service, now);
    if (service->is_small && rate > 0.0 && service->most > service->servers * now->up + service->room)
        high *= 1.0 - blocked_share(service, now, law, arriving, rate * now->used, dt);
    double queued = most(now->work - now->busy, 0.0);
    double brought = queued + high * dt + now->busy, held = rate * now->hold_s;
    double used = 0.0, chance = 0.0;
    if (rate > 0.0) {
        chance = chance_to_wait(law, now);
        used = utilisation(brought, held, rate * dt, chance);
    }
    double done = rate * used, busy = held * used;
    double queue = most(brought - done * dt - busy, 0.0), over = most(queue - service->room, 0.0);
    double refused = least(over / dt, high), lost = most(over - refused * dt, 0.0);
    high -= refused;
    queue = least(queue, service->room);
    double back = rate > 0.0 ? relaxation(held, rate, used, chance) : 0.0;
    if (service->most < INFINITY)
        back += now->pushed * high / most(service->most - now->work, 1.0);
    double spread = (now->spread + (high + done) * dt) / (1.0 + 2.0 * back * dt);
    double full = service->room - queue + 1.0;
    now->spread = least(spread, full * full);
    now->starts = most(high - (queue - queued + lost) / dt, 0.0);
    double started = now->starts * dt;
    if (now->busy + started > 0.0)
        now->promising = (now->promising * now->busy + answer->good * started) / (now->busy + started);
    double wait = rate > 0.0 ? queue / rate : INFINITY;
    now->work = queue + busy;
    now->busy = busy;
    now->used = used;
    now->age_s = queue > 1e-9 ? least(now->age_s + dt, wait) : 0.0;
    answer->accepted = high < arriving ? high / arriving : 1.0;
    if (lost > 0.0)
        answer->accepted *= high > 0.0 ? most(1.0 - lost / (high * dt), 0.0) : 0.0;
    flow[REFUSED] = most(arriving - high, 0.0);
    flow[SERVED] = done;
    flow[GOODPUT] = done * now->promising;
    flow[FAILED] = done - flow[GOODPUT];
    flow[DROPPED] = lost / dt;
}

/* Make the first attempts of new calls and the further ones of old calls, Eq. (22). */
static double attempts(double *waiting, const Policy *policy, const Sent *sent, double begun, double dt) {
    double all = begun, flow = begun, bad = 1.0 - sent->ok;
    for (int k = 0; k < policy->waits; k++) {
        double lag = most(sent->fail_s + policy->wait_s[k], 1e-9), stock = waiting[k] + flow * bad * dt;
        if (stock <= 1e-12)
            lag = 0.0;
        flow = stock * (1.0 / (lag + dt));
        waiting[k] = flow * lag;
        all += flow;
    }
    return all;
}

/* Load goes from callers to callees. */
static void serve(Plain *all, double dt) {
    for (int i = 0; i < all->services; i++) {
        const Service *service = &all->service[i];
        Now *now = &all->now[i];
        double offered = 0.0, timely = 0.0, pushed = 0.0;
        for (int p = service->first_caller; p < service->last_caller; p++) {
            const Sent *sent = &all->sent[all->incoming[p]];
            offered += sent->sent;
            timely += sent->sent * sent->ok;
            pushed += sent->sent * sent->pushed;
        }
        double arriving = offered + service->demand, *flow = all->flows[i];
        flow[OFFERED] = least(arriving, 1e12);
        work(service, now, &all->answer[i], flow, all->laws[service->law], dt);
        now->pushed = 0.0;
        if (arriving > 0.0) {
            now->pushed = pushed / arriving;
            now->success = (timely + service->demand * all->answer[i].accepted * all->answer[i].good) / arriving;
        }
        pushed = 1.0 - (1.0 - now->pushed) / (1.0 + (now->work - now->busy));
        for (int e = service->first_call; e < service->last_call; e++) {
            const Call *call = &all->call[e];
            Sent *sent = &all->sent[e];
            sent->sent = attempts(all->waiting + call->first_waiting, &all->policy[call->policy], sent,
                                  call->calls * now->starts, dt);
            sent->pushed = pushed;
        }
    }
}

static double read_table(const double table[VARIATIONS][TIMES], double down, double right) {
    int column = right < TIMES - 2 ? (int)right : TIMES - 2, row = down < VARIATIONS - 2 ? (int)down : VARIATIONS - 2;
    right -= column;
    double above = table[row][column] + right * (table[row][column + 1] - table[row][column]);
    double below = table[row + 1][column] + right * (table[row + 1][column + 1] - table[row + 1][column]);
    return above + (down - row) * (below - above);
}

/* Chance that an answer comes in time, and the mean time of those that do, Eq. (18), Eq. (20). */
static double timely(const double law[2][VARIATIONS][TIMES], double mean, double variance, double limit,
                     double *answer_s) {
    double spare = limit - mean;
    *answer_s = mean;
    if (spare > 0.0 && spare * spare >= LATEST * LATEST * variance)
        return 1.0;
    double spread = sqrt(variance);
    *answer_s = limit;
    if (spare <= EARLIEST * spread)
        return 0.0;
    double time = (spare / spread - EARLIEST) * PER_SIGMA, variation = least(spread / mean, WIDEST) * PER_UNIT;
    double chance = read_table(law[0], variation, time);
    if (chance > CERTAIN) {
        *answer_s = mean;
        return 1.0;
    }
    if (chance < 1.0 - CERTAIN)
        return 0.0;
    *answer_s = least(mean * read_table(law[1], variation, time) / chance, limit);
    return chance;
}

/* Chance that a good answer comes in time when retries have delayed some of them. */
static double wait_for(Reply *reply, const Answer *callee, double limit, const double law[2][VARIATIONS][TIMES]) {
    double answer_s, in_time = timely(law, callee->mean_s, callee->variance, limit, &answer_s);
    double narrower = in_time < 1.0 && callee->mean_s > 0.0 ? answer_s / callee->mean_s : 1.0;
    reply->answer_s = answer_s;
    reply->variance = callee->variance * narrower * narrower;
    reply->late = callee->late;
    reply->late_s = callee->late_s;
    reply->late_square = callee->late_square;
    if (callee->late <= 0.0 || in_time <= 0.0)
        return in_time;
    double delay_s = callee->late_s / callee->late, late_in_time, late_answer_s;
    double spread = most(callee->late_square / callee->late - delay_s * delay_s, 0.0);
    if (spread <= 1e-9 * delay_s * delay_s) {
        late_in_time = timely(law, callee->mean_s, callee->variance, most(limit - delay_s, 0.0), &late_answer_s);
        late_answer_s += delay_s;
        late_in_time = limit > delay_s ? late_in_time : 0.0;
    } else {
        late_in_time = timely(law, callee->mean_s + delay_s, callee->variance + spread, limit, &late_answer_s);
    }
    in_time = (1.0 - callee->late) * in_time + callee->late * late_in_time;
    if (in_time <= 0.0) {
        reply->late = reply->late_s = reply->late_square = 0.0;
        return 0.0;
    }
    delay_s = most(late_answer_s - answer_s, 0.0);
    reply->late *= late_in_time / in_time;
    reply->late_s = reply->late * delay_s;
    reply->late_square = reply->late_s * delay_s;
    return in_time;
}

/* What retries make of a call whose attempts can fail, Eq. (24). */
static void try_again(Reply *reply, const Policy *policy, double fail_variance) {
    double reach = 1.0, delay_s = 0.0, late = 0.0, first = 0.0, second = 0.0;
    for (int k = 0; k < policy->waits; k++) {
        reach *= 1.0 - reply->ok;
        delay_s += reply->fail_s + policy->wait_s[k];
        late += reach * reply->ok;
        first += reach * reply->ok * delay_s;
        second += reach * reply->ok * delay_s * delay_s;
    }
    double success = reply->ok + late, failing_s = delay_s + reply->fail_s;
    late = success > 0.0 ? late / success : 0.0;
    first = success > 0.0 ? first / success : 0.0;
    second = success > 0.0 ? second / success : 0.0;
    reply->success = success;
    reply->late_square += second + 2.0 * first * reply->late_s;
    reply->late += late * (1.0 - reply->late);
    reply->late_s += first;
    double good_s = reply->answer_s + reply->late_s, apart = good_s - failing_s;
    reply->taking_s = success * good_s + (1.0 - success) * failing_s;
    reply->taking_variance =
        success * (reply->variance + most(reply->late_square - reply->late_s * reply->late_s, 0.0)) +
        (1.0 - success) * (policy->waits + 1) * fail_variance + success * (1.0 - success) * apart * apart;
}

/* What a call is worth now: chance and time of an attempt, then of all attempts. */
static void ask(Reply *reply, const Answer *callee, const Policy *policy, const double law[2][VARIATIONS][TIMES]) {
    double limit = policy->timeout_s, in_time = wait_for(reply, callee, limit, law);
    double ok = callee->accepted * callee->good * in_time;
    reply->ok = reply->success = 1.0;
    reply->fail_s = 0.0;
    reply->taking_s = reply->answer_s + reply->late_s;
    reply->taking_variance = reply->variance + most(reply->late_square - reply->late_s * reply->late_s, 0.0);
    if (ok >= 1.0)
        return;
    double late = in_time < 1.0 ? callee->accepted * callee->good * (1.0 - in_time) : 0.0;
    double first = late > 0.0 ? late * limit : 0.0, second = late > 0.0 ? late * limit * limit : 0.0;
    double bad = callee->accepted * (1.0 - callee->good);
    if (bad > 0.0) {
        double soon_s, soon = timely(law, callee->fail_s, callee->fail_variance, limit, &soon_s);
        first += bad * soon * soon_s;
        second += bad * soon * (soon_s * soon_s + callee->fail_variance);
        if (soon < 1.0) {
            first += bad * (1.0 - soon) * limit;
            second += bad * (1.0 - soon) * limit * limit;
        }
    }
    reply->ok = ok;
    reply->fail_s = least(first / (1.0 - ok), 1e9);
    try_again(reply, policy, most(least(second / (1.0 - ok), 1e18) - reply->fail_s * reply->fail_s, 0.0));
}

/* Answers go from callees to callers; what the same policy asks of a callee is worked out once. */
static void answer(Plain *all) {
    for (int i = all->services - 1; i >= 0; i--) {
        const Service *service = &all->service[i];
        Now *now = &all->now[i];
        Answer *row = &all->answer[i];
        double own = service->service_s, good = 1.0, mean = own, variance = own * own, hold = own;
        double hold_variance = own * own, prompt = 1.0, late_s = 0.0, late_square = 0.0;
        for (int e = service->first_call; e < service->last_call; e++) {
            const Call *call = &all->call[e];
            Reply *reply = &all->reply[call->callee];
            if (reply->policy != call->policy) {
                reply->policy = call->policy;
                ask(reply, &all->answer[call->callee], &all->policy[call->policy], all->sojourn);
            }
            all->sent[e].ok = reply->ok;
            all->sent[e].fail_s = reply->fail_s;
            good *= call->fixed + call->live * reply->success;
            hold += call->calls * reply->taking_s;
            hold_variance += call->calls * reply->taking_variance;
            mean += call->calls * reply->answer_s;
            variance += call->calls * reply->variance;
            if (reply->late > 0.0) {
                prompt *= 1.0 - call->calls * reply->late;
                late_s += call->calls * reply->late_s;
                late_square += call->calls * reply->late_square;
            }
        }
        good = least(most(good, 0.0), 1.0);
        hold = least(hold, 1e9);
        now->hold_s = hold;
        double wait = 0.0, spread = 0.0, queue = now->work - now->busy;
        if (queue > 0.0) {
            double rate = service_rate(service, now);
            if (rate <= 0.0) {
                wait = INFINITY;
            } else if (queue > 1e-9 * rate * mean) {
                double chance = least(chance_to_wait(all->laws[service->law], now), 1.0);
                wait = (queue + chance) / rate;
                spread = least(wait * wait * (2.0 - chance) / most(chance, 1e-6), now->spread / (rate * rate) + wait / rate);
            }
        }
        row->good = good;
        row->late = 1.0 - prompt;
        row->late_s = least(late_s, 1e9);
        row->late_square = least(late_square, 1e18);
        row->fail_variance = least(hold_variance + spread, 1e18);
        row->mean_s = least(wait + mean, 1e9);
        row->variance = least(spread + variance, 1e18);
        row->fail_s = good < 1.0 ? least(wait + most(hold - good * (mean + row->late_s), 0.0) / (1.0 - good), 1e9)
                                 : least(wait + hold, 1e9);
        all->reply[i].policy = -1;
    }
}

void step(Plain *all, const Change *changes, const double *times_s, int first, int last) {
    for (int k = first; k < last; k++) {
        for (int c = 0; c < all->changes; c++) {
            int is_on = times_s[k] >= changes[c].from_s - 1e-9 && times_s[k] < changes[c].until_s - 1e-9;
            all->now[changes[c].service].up = is_on ? changes[c].up : 1.0;
        }
        serve(all, times_s[k + 1] - times_s[k]);
        answer(all);
    }
}
