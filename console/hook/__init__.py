"""The debug REST hook: how a person, or a program of theirs, looks into the running tree.

One file for each subject; each holds the routes of that subject and nothing else.

| File            | Routes                                                                      |
|-----------------|-----------------------------------------------------------------------------|
| `health.py`     | `GET /health/live`, `/health/ready`                                         |
| `actors.py`     | `GET /tree`, `/actors`, `/actors/{name}`, `/dead-letters`,                  |
|                 | `POST /actors/{name}/restart`                                               |
| `market.py`     | `GET /venues`, `/quotes`, `/positions`, `/fills`, `/fills/foreign`,         |
|                 | `/account`                                                                  |
| `bars.py`       | `GET /bars`, `/bars/{symbol}`                                               |
| `trading.py`    | `GET /orders`, `/orders/{client_order_id}`, `POST /orders`,                 |
|                 | `DELETE /orders/{client_order_id}`                                          |
| `operations.py` | `POST /trading/pause`, `/trading/resume`, `/reconcile`, `GET /metrics`      |
| `app.py`        | `GET /openapi.json`                                                         |

What comes later, and where it belongs:

| File            | Routes                                                                      |
|-----------------|-----------------------------------------------------------------------------|
| `actors.py`     | `GET /actors/{name}/trace`, `POST /dead-letters/{id}/release`               |
| `market.py`     | `GET /circuits`, `/equity`, `/risk`, `/why-not/{symbol}`                    |
| `trading.py`    | `GET /orders/{client_order_id}/explain`,                                    |
|                 | `POST /orders/{client_order_id}/resolve`                                    |
| `plans.py`      | `GET` and `POST /plans`, `PATCH` and `DELETE /plans/{id}`                   |
| `operations.py` | `POST /trading/flatten`                                                     |
| `events.py`     | `GET /events` (server-sent events)                                          |

A request passes `guard.py` first (tokens, Host, Origin, rates, sizes), then `app.py`; routes ask
seats through `asking.py` and answer in the shapes of `console/schemas.py`, made by `shapes.py`.
"""

from console.hook.limits import Rate
from console.hook.options import HookOptions
from console.hook.seat import Hook, HookPortTaken

__all__ = ["Hook", "HookOptions", "HookPortTaken", "Rate"]
