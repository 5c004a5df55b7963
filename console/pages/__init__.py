"""The pages for the owner's phone: HTML made on the server, which needs no script.

| File             | What                                                                      |
|------------------|---------------------------------------------------------------------------|
| `now.py`         | `GET /`: is all well, what is held, is it protected, what needs you       |
| `money.py`       | `GET /see/money`: worth and drawdown, days, costs, cash, margin           |
| `trades.py`      | `GET /see/trades`, and the story of each                                  |
| `orders.py`      | `GET /see/orders`: what is in doubt first, with what to do                |
| `quiet.py`, `health.py`, `live.py` | why it is quiet; how the last days were; the checklist |
| `pausing.py`, `closing.py`, `answering.py` | what can be done: forms that POST to `/do/…`    |
| `rendering.py`   | from a template and facts to an answer; how amounts and times are written |
| `first_look.py`, `remembered.py` | what the parts say now, or said last, with its age        |
| `looked.py`      | since when a device has not looked, kept by the device itself             |
| `charts.py`, `earnings.py`, `hour_grid.py` | what is drawn, as SVG and tables; pure           |
| `style.py`, `style.css` | `GET /see/style.css`, the one stylesheet                           |
| `templates/`     | `layout.html`, which all of them share, and one file for each page        |

Pages ask seats by `Asking`, as the JSON routes do, and never the hook over HTTP. Each has a limit
of 50 kB, is readable on 360 pixels, and asks for itself anew every so often.
"""
