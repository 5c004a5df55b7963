"""The debug REST hook: how a person, or a program of theirs, looks into the running tree.

One file for each subject; each holds the routes of that subject and nothing else.

| File            | Routes                                                                      |
|-----------------|-----------------------------------------------------------------------------|
| `health.py`     | `GET /health/live`, `/health/ready`                                         |
| `actors.py`     | `GET /tree`, `/actors`, `/actors/{name}`, `POST /actors/{name}/restart`     |
| `dead_letters.py` | `GET /dead-letters`, `POST /dead-letters/{id}/release`                    |
| `circuits.py`   | `GET /circuits`, `POST /circuits/{venue}/open`, `/circuits/{venue}/close`   |
| `market.py`     | `GET /venues`, `/quotes`, `/positions`, `/fills`, `/fills/foreign`,         |
|                 | `/account`, `/equity`                                                       |
| `money.py`      | `GET /money/unexplained`, `/money/cash`, `/money/accounts`,                   |
|                 | `/equity/history`, `POST /money/unexplained/{id}`                           |
| `bars.py`       | `GET /bars`, `/bars/{symbol}`                                               |
| `trading.py`    | `GET /orders`, `/orders/{client_order_id}`, `POST /orders`,                 |
|                 | `DELETE /orders/{client_order_id}`                                          |
| `plans.py`      | `GET` and `POST /plans`, `GET`, `PATCH` and `DELETE /plans/{id}`            |
| `corporate_actions.py` | `POST /positions/{symbol}/resolve`                                 |
| `dividends.py`  | `POST /positions/{symbol}/dividend`                                         |
| `operations.py` | `POST /trading/pause`, `/trading/resume`, `/reconcile`, `GET /metrics`      |
| `flattening.py` | `GET`, `POST` and `DELETE /trading/flatten`                                  |
| `uptime.py`     | `GET /history/health`                                                       |
| `app.py`        | `GET /openapi.json`                                                         |

What comes later, and where it belongs:

| File            | Routes                                                                      |
|-----------------|-----------------------------------------------------------------------------|
| `actors.py`     | `GET /actors/{name}/trace`                                                  |
| `market.py`     | `GET /risk`, `/why-not/{symbol}`                                            |
| `trading.py`    | `GET /orders/{client_order_id}/explain`,                                    |
|                 | `POST /orders/{client_order_id}/resolve`                                    |
| `events.py`     | `GET /events` (server-sent events)                                          |

A request passes `guard.py` first, then `app.py`. What the guard holds it to has a file for each
subject: which doors there are and what opens them (`doors.py`), tokens and the cookies of paired
devices (`keys.py`), who that makes the visitor (`visitors.py`), from where (`origins.py`), how
often (`limits.py`), with which body (`bodies.py`), and that no answer shows a secret
(`hiding.py`). `pairing.py` has `GET` and `POST /pair`, `plain_page.py` what people are told who
have no key. Routes ask seats through `asking.py` and answer in the shapes of
`console/schemas.py`, made by `shapes.py`.
"""

from console.hook.limits import Rate
from console.hook.options import HookOptions
from console.hook.seat import Hook, HookPortTaken

__all__ = ["Hook", "HookOptions", "HookPortTaken", "Rate"]
