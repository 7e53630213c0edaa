*** Settings ***
Library           RequestsLibrary
Suite Setup       Create Session    shop    %{BASE_URL}

*** Test Cases ***
It Is Healthy
    ${answer}=    GET On Session    shop    /health
    Should Be Equal    ${answer.json()}[status]    ok

A Product Has A Price
    ${answer}=    GET On Session    shop    /catalogue/mug
    Should Be True    ${answer.json()}[price_cents] > 0

A Cart Becomes An Order
    ${cart}=    POST On Session    shop    /cart    expected_status=201
    ${item}=    Create Dictionary    product_id=mug    quantity=${1}
    POST On Session    shop    ${cart.headers}[Location]/items    json=${item}
    POST On Session    shop    ${cart.headers}[Location]/checkout    expected_status=201
